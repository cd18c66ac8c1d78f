{{/* The ports of Kafka and Consul as YAML of a list: those of the addresses, and those that are told. */}}
{{- define "pidpiper.egressPorts" -}}
{{- $ports := .Values.networkPolicy.kafkaPorts -}}
{{- range list "KAFKA_DSN" "CONSUL_DSN" -}}
{{- range regexFindAll ":[0-9]+(,|/|$)" (include "pidpiper.given" (list $ .)) -1 -}}
{{- $ports = append $ports (regexFind "[0-9]+" . | atoi) -}}
{{- end -}}
{{- end -}}
{{- if .Values.consul.useHostIP -}}
{{- $ports = append $ports .Values.consul.port -}}
{{- end -}}
{{- $numbers := list -}}
{{- range $ports -}}
{{- $numbers = append $numbers (int64 .) -}}
{{- end -}}
{{- toYaml ($numbers | uniq) -}}
{{- end -}}
