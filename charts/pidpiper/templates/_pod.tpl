{{/* A probe with its timings: on the agent's own path unless it has a handler. Takes the list of probe and path. */}}
{{- define "pidpiper.probe" -}}
{{- $probe := first . -}}
{{- if not (or $probe.httpGet $probe.exec $probe.tcpSocket) -}}
{{- $probe = merge (dict "httpGet" (dict "path" (last .) "port" "http")) $probe -}}
{{- end -}}
{{- toYaml $probe -}}
{{- end -}}

{{/* metadata and spec of the pod, the same in both kinds of workload. */}}
{{- define "pidpiper.pod" -}}
{{- $hasStream := eq (include "pidpiper.hasStream" .) "true" -}}
{{- $annotations := .Values.podAnnotations -}}
{{- if include "pidpiper.hasConfig" . -}}
{{- $annotations = merge (dict "checksum/config" (include (print .Template.BasePath "/config.yaml") . | sha256sum)) $annotations -}}
{{- end -}}
metadata:
  labels:
    {{- include "pidpiper.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.serviceAccountName }}
  serviceAccountName: {{ . }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  automountServiceAccountToken: false
  # other services' variables would look like misspelt ones of ours
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "pidpiper.terminationSeconds" . }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: pidpiper
      image: {{ include "pidpiper.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- with include "pidpiper.args" . | fromYamlArray }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        {{- include "pidpiper.env" . | trim | nindent 8 }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or .Values.envFromConfigMaps .Values.envFromSecrets }}
      envFrom:
        {{- range .Values.envFromConfigMaps }}
        - configMapRef:
            name: {{ . }}
        {{- end }}
        {{- range .Values.envFromSecrets }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      {{- end }}
      {{- if $hasStream }}
      ports:
        - name: http
          containerPort: {{ .Values.port }}
      {{- end }}
      {{- range $probe, $path := dict "startupProbe" "/livez" "livenessProbe" "/livez" "readinessProbe" "/readyz" }}
      {{- $timings := get $.Values $probe }}
      {{- if and $timings (or $hasStream $timings.httpGet $timings.exec $timings.tcpSocket) }}
      {{ $probe }}:
        {{- include "pidpiper.probe" (list $timings $path) | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        {{- include "pidpiper.volumeMounts" . | nindent 8 }}
  volumes:
    {{- include "pidpiper.volumes" . | nindent 4 }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- $own := dict "labelSelector" (dict "matchLabels" (include "pidpiper.selector" $ | fromYaml)) }}
    {{- range . }}
    - {{- hasKey . "labelSelector" | ternary . (merge (deepCopy .) $own) | toYaml | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
