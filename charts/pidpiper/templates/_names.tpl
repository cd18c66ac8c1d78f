{{- define "pidpiper.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "pidpiper.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "pidpiper.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pidpiper.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.selector" -}}
app.kubernetes.io/name: {{ include "pidpiper.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pidpiper.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "pidpiper.selector" . }}
{{- end -}}

{{- define "pidpiper.image" -}}
{{- with .Values.image -}}
{{- .repository -}}
{{- if .digest -}}@{{ .digest }}{{- else -}}:{{ include "pidpiper.text" .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.kind" -}}
{{- .Values.stateful | ternary "StatefulSet" "Deployment" -}}
{{- end -}}

{{/* "true" where the agent feeds a Calculator: then it answers on its HTTP port. Programs of a supervisord
     configuration alone have no such port. */}}
{{- define "pidpiper.hasStream" -}}
{{- $env := .Values.env -}}
{{- $said := list .Values.calculator.bin .Values.args .Values.consul.useHostIP -}}
{{- range list "PROGRAM" "KAFKA_DSN" "CONSUL_DSN" "INPUT_TOPICS" "OUTPUT_TOPIC" -}}
{{- $said = append $said (get $env .) -}}
{{- $said = append $said (hasKey $.Values.secrets .) -}}
{{- end -}}
{{- or (not (or .Values.supervisord.conf (get $env "CONFIG_FILE"))) (compact $said | len | lt 0) -}}
{{- end -}}
