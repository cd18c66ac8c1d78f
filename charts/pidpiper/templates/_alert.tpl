{{/* One alerting rule; takes a dict of name, expr, for, severity, summary, description. */}}
{{- define "pidpiper.alert" }}
- alert: {{ .name }}
  expr: {{ .expr | quote }}
  {{- with .for }}
  for: {{ . }}
  {{- end }}
  labels:
    severity: {{ .severity }}
  annotations:
    summary: {{ .summary | quote }}
    description: {{ .description | quote }}
{{- end }}
