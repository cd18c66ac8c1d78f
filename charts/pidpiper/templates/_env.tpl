{{/* A value as the text of a variable; toString would write a large number as 6.7e+07. */}}
{{- define "pidpiper.text" -}}
{{- if kindIs "string" . -}}{{ . }}{{- else if kindIs "slice" . -}}{{ join "," . }}{{- else -}}{{ toJson . }}{{- end -}}
{{- end -}}

{{/* "true" for a variable that is the path of a file; the others that hold secrets have a form NAME_FILE. */}}
{{- define "pidpiper.isPath" -}}
{{- or (hasSuffix "_FILE" .) (hasPrefix "CONSUL_CLIENT_" .) (eq . "CONSUL_CACERT") -}}
{{- end -}}

{{/* "true" for an entry of `secrets` that is mounted. Takes the list of its name and the entry. */}}
{{- define "pidpiper.isMounted" -}}
{{- or (eq (include "pidpiper.isPath" (first .)) "true") (default false (last .).asFile) -}}
{{- end -}}

{{/* The value of `env` under a name as text, empty where there is none. Takes the list of the root and the name. */}}
{{- define "pidpiper.given" -}}
{{- $value := get (first .).Values.env (last .) -}}
{{- if not (kindIs "invalid" $value) -}}{{ include "pidpiper.text" $value }}{{- end -}}
{{- end -}}

{{/* Every variable of the container but those of extraEnv, as YAML: what the platform knows, what the chart computes,
     what the values say. Later ones may refer to earlier ones as $(NAME). */}}
{{- define "pidpiper.env" -}}
{{- $fields := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "POD_UID" "metadata.uid" "POD_IP" "status.podIP" -}}
{{- if .Values.consul.useHostIP -}}
{{- $_ := set $fields "HOST_IP" "status.hostIP" -}}
{{- end -}}
{{- range $name, $path := $fields }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $path }}
{{- end }}
{{- $computed := dict -}}
{{- if eq (include "pidpiper.hasStream" .) "true" -}}
{{- $_ := set $computed "HTTP_LISTEN" (printf ":%d" (int .Values.port)) -}}
{{- end -}}
{{- if .Values.stateful -}}
{{- /* workspaces of several namespaces share one consumer group by default */ -}}
{{- $_ := set $computed "GROUP_INSTANCE_ID" "$(POD_NAMESPACE).$(POD_NAME)" -}}
{{- end -}}
{{- with .Values.consul -}}
{{- if .useHostIP -}}
{{- $_ := set $computed "CONSUL_DSN" (printf "%s://$(HOST_IP):%d" .scheme (int .port)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.supervisord.conf -}}
{{- $_ := set $computed "CONFIG_FILE" "/etc/pidpiper/config/supervisord.conf" -}}
{{- end -}}
{{- if .Values.rules -}}
{{- $_ := set $computed "RULES_FILES" "/etc/pidpiper/config/rules.xml" -}}
{{- end -}}
{{- if .Values.state.enabled -}}
{{- $_ := set $computed "STATE_DIR" "/var/lib/pidpiper" -}}
{{- end -}}
{{- range $name, $value := .Values.env -}}
{{- $text := include "pidpiper.given" (list $ $name) -}}
{{- if $text -}}
{{- $_ := set $computed $name $text -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $computed }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $ref := .Values.secrets }}
{{- if eq (include "pidpiper.isMounted" (list $name $ref)) "true" }}
- name: {{ $name }}{{ include "pidpiper.isPath" $name | eq "true" | ternary "" "_FILE" }}
  value: /etc/pidpiper/secrets/{{ $name }}
{{- else }}
- name: {{ $name }}
  valueFrom:
    {{ hasKey $ref "secretName" | ternary "secretKeyRef" "configMapKeyRef" }}:
      name: {{ $ref.secretName | default $ref.configMapName }}
      key: {{ $ref.key }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The words of the container as YAML of a list; none: the image's own. */}}
{{- define "pidpiper.args" -}}
{{- $words := list -}}
{{- range .Values.args -}}
{{- $words = append $words (include "pidpiper.text" .) -}}
{{- end -}}
{{- with .Values.calculator -}}
{{- if .bin -}}
{{- $words = list "--bin" .bin -}}
{{- end -}}
{{- range .args -}}
{{- $words = concat $words (list "--arg" (include "pidpiper.text" .)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $words -}}
{{- end -}}
