{{/* The ports of Kafka and Consul as YAML of a list: those of the addresses, where one has none that of its scheme as
     the agent reads it, and those that are told. */}}
{{- define "pidpiper.egressPorts" -}}
{{- $ports := .Values.networkPolicy.kafkaPorts -}}
{{- $usual := dict "KAFKA_DSN" 9092 "kafka" 9092 "kafka+tls" 9092 "CONSUL_DSN" 8500 "http" 80 "https" 443 -}}
{{- range $name := list "KAFKA_DSN" "CONSUL_DSN" -}}
{{- $dsn := include "pidpiper.given" (list $ $name) -}}
{{- $scheme := regexFind "^[A-Za-z+]+://" $dsn -}}
{{- range trimPrefix $scheme $dsn | trimSuffix "/" | splitList "," | compact -}}
{{- $port := regexFind ":[0-9]+$" (trim .) | trimPrefix ":" -}}
{{- $ports = append $ports ($port | default (trimSuffix "://" $scheme | lower | default $name | get $usual)) -}}
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
