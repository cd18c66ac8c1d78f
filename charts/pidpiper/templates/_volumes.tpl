{{/* Entries of `secrets` that are mounted, as YAML of a dict. */}}
{{- define "pidpiper.mounted" -}}
{{- $mounted := dict -}}
{{- range $name, $ref := .Values.secrets -}}
{{- if eq (include "pidpiper.isMounted" (list $name $ref)) "true" -}}
{{- $_ := set $mounted $name $ref -}}
{{- end -}}
{{- end -}}
{{- toYaml $mounted -}}
{{- end -}}

{{- define "pidpiper.hasConfig" -}}
{{- if or .Values.supervisord.conf .Values.rules -}}true{{- end -}}
{{- end -}}

{{- define "pidpiper.hasModel" -}}
{{- with .Values.model -}}
{{- if or .claim .configMap .image -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "pidpiper.volumes" -}}
- name: tmp
  emptyDir: {}
- name: run
  emptyDir: {}
{{- with include "pidpiper.mounted" . | fromYaml }}
- name: secrets
  projected:
    defaultMode: 288 # r--r-----: the pod's group reads
    sources:
      {{- range $name, $ref := . }}
      - {{ hasKey $ref "secretName" | ternary "secret" "configMap" }}:
          name: {{ $ref.secretName | default $ref.configMapName }}
          items:
            - key: {{ $ref.key }}
              path: {{ $name }}
      {{- end }}
{{- end }}
{{- if include "pidpiper.hasConfig" . }}
- name: config
  configMap:
    name: {{ include "pidpiper.fullname" . }}
{{- end }}
{{- if include "pidpiper.hasModel" . }}
- name: model
  {{- with .Values.model }}
  {{- if .claim }}
  persistentVolumeClaim:
    claimName: {{ .claim }}
    readOnly: true
  {{- else if .configMap }}
  configMap:
    name: {{ .configMap }}
  {{- else }}
  image:
    reference: {{ .image }}
    pullPolicy: {{ .pullPolicy }}
  {{- end }}
  {{- end }}
{{- end }}
{{- if .Values.state.enabled }}
- name: state
  {{- toYaml .Values.state.volume | nindent 2 }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "pidpiper.volumeMounts" -}}
# the control socket goes to /run; the native part needs one of these where no koffi.node lies beside the binary
- name: tmp
  mountPath: /tmp
- name: run
  mountPath: /run
{{- if include "pidpiper.mounted" . | fromYaml }}
- name: secrets
  mountPath: /etc/pidpiper/secrets
  readOnly: true
{{- end }}
{{- if include "pidpiper.hasConfig" . }}
- name: config
  mountPath: /etc/pidpiper/config
  readOnly: true
{{- end }}
{{- if include "pidpiper.hasModel" . }}
- name: model
  mountPath: {{ .Values.model.mountPath }}
  readOnly: true
  {{- with .Values.model.subPath }}
  subPath: {{ . }}
  {{- end }}
{{- end }}
{{- if .Values.state.enabled }}
- name: state
  mountPath: /var/lib/pidpiper
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
