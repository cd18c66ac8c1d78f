{{/* What no schema can say: values that are at odds with one another. Each ends the rendering with a sentence. */}}
{{- define "pidpiper.validate" -}}
{{- include "pidpiper.validateWords" . -}}
{{- include "pidpiper.validateEnv" . -}}
{{- include "pidpiper.validateSecrets" . -}}
{{- include "pidpiper.validateExtraEnv" . -}}
{{- include "pidpiper.validateNeeds" . -}}
{{- include "pidpiper.validateModel" .Values.model -}}
{{- include "pidpiper.validateObjects" . -}}
{{- end -}}

{{- define "pidpiper.validateWords" -}}
{{- with .Values.calculator -}}
{{- if and $.Values.args (or .bin .args) -}}
{{- fail "args and calculator say the same thing twice: leave one of them empty" -}}
{{- end -}}
{{- if and .args (not .bin) (not $.Values.env.PROGRAM) -}}
{{- fail "calculator.args needs calculator.bin: words of a pod take the place of all of the image's CMD" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.validateEnv" -}}
{{- $platform := dict "HTTP_LISTEN" "set port" "POD_NAME" "the platform sets it" "POD_IP" "the platform sets it"
      "INSTANCE_ID" "it comes from the pod's name, each replica needs its own"
      "GROUP_INSTANCE_ID" "each replica needs its own: set stateful to true" -}}
{{- $secrets := list "KAFKA_SASL_PASSWORD" "KAFKA_SASL_TOKEN" "CONSUL_HTTP_TOKEN" "CONTROL_TOKEN" "CONTROL_READ_TOKEN" "CONTROL_PASSWORD" -}}
{{- range $name, $value := .Values.env -}}
{{- $text := include "pidpiper.given" (list $ $name) -}}
{{- if and $text (hasKey $platform $name) -}}
{{- fail (printf "env.%s is not for you to set: %s" $name (get $platform $name)) -}}
{{- end -}}
{{- if and $text (has $name $secrets) -}}
{{- fail (printf "env.%s would show a secret in the pod's description: put it into a Secret and name that under secrets.%s" $name $name) -}}
{{- end -}}
{{- if and $text (has $name (list "KAFKA_DSN" "CONSUL_DSN")) (contains "@" $text) -}}
{{- fail (printf "env.%s carries credentials: put it into a Secret and name that under secrets.%s" $name $name) -}}
{{- end -}}
{{- end -}}
{{- $computed := dict "CONSUL_DSN" (list "consul.useHostIP" .Values.consul.useHostIP) "CONFIG_FILE" (list "supervisord.conf" .Values.supervisord.conf)
      "RULES_FILES" (list "rules" .Values.rules) "STATE_DIR" (list "state.enabled" .Values.state.enabled) -}}
{{- range $name, $by := $computed -}}
{{- if and (last $by) (or (include "pidpiper.given" (list $ $name)) (hasKey $.Values.secrets $name)) -}}
{{- fail (printf "%s and %s are both set: only one of them can hold" $name (first $by)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.validateSecrets" -}}
{{- range $name, $ref := .Values.secrets -}}
{{- if include "pidpiper.given" (list $ $name) -}}
{{- fail (printf "%s is in env and in secrets: leave it out of one of them" $name) -}}
{{- end -}}
{{- if eq (hasKey $ref "secretName") (hasKey $ref "configMapName") -}}
{{- fail (printf "secrets.%s needs either secretName or configMapName" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.validateExtraEnv" -}}
{{- $names := list -}}
{{- range include "pidpiper.env" . | fromYamlArray -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if has .name $names -}}
{{- fail (printf "extraEnv brings %s, which is set already: a pod must not have a variable twice" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- end -}}

{{/* What the agent would refuse with exit code 78, where no Secret or ConfigMap can bring it. */}}
{{- define "pidpiper.validateNeeds" -}}
{{- if not (or .Values.envFromSecrets .Values.envFromConfigMaps) -}}
{{- $names := list -}}
{{- range concat (include "pidpiper.env" . | fromYamlArray) .Values.extraEnv -}}
{{- $names = append $names (trimSuffix "_FILE" .name) -}}
{{- end -}}
{{- $kafka := has "KAFKA_DSN" $names -}}
{{- $consul := has "CONSUL_DSN" $names -}}
{{- if and (or $kafka $consul) (not (has "NODE_ID" $names)) -}}
{{- fail "env.NODE_ID is needed with Kafka or Consul: the workspace that all replicas belong to" -}}
{{- end -}}
{{- if and $consul (not $kafka) (not (has "--in" .Values.args)) -}}
{{- fail "env.KAFKA_DSN is needed: Consul brings the run document, the records come from Kafka" -}}
{{- end -}}
{{- if and $kafka (not $consul) (not (has "INPUT_TOPICS" $names)) (not (has "--in" .Values.args)) -}}
{{- fail "env.INPUT_TOPICS is needed: without Consul no run document can name the topics" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.validateModel" -}}
{{- if gt (compact (list .claim .configMap .image) | len) 1 -}}
{{- fail "model has more than one source: set one of model.claim, model.configMap and model.image" -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.validateObjects" -}}
{{- with .Values.podDisruptionBudget -}}
{{- if not (or (kindIs "invalid" .minAvailable) (kindIs "invalid" .maxUnavailable)) -}}
{{- fail "podDisruptionBudget takes either minAvailable or maxUnavailable" -}}
{{- end -}}
{{- end -}}
{{- $hasStream := eq (include "pidpiper.hasStream" .) "true" -}}
{{- if and .Values.serviceMonitor.enabled (not (and .Values.service.enabled $hasStream)) -}}
{{- fail "serviceMonitor.enabled needs service.enabled and a Calculator: Prometheus finds the pods through the Service" -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
{{- $fromSecret := and (hasKey $.Values.secrets "KAFKA_DSN") (not .kafkaPorts) -}}
{{- if and .enabled .restrictEgress $fromSecret -}}
{{- fail "networkPolicy.restrictEgress needs networkPolicy.kafkaPorts: KAFKA_DSN lies in a Secret, where the chart cannot read its ports" -}}
{{- end -}}
{{- end -}}
{{- end -}}
