{{/* Milliseconds of a duration as the agent writes it: 300ms, 3s, 1m30s, 2h, bare seconds. */}}
{{- define "pidpiper.millis" -}}
{{- $factors := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "" 1000 -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9]+(\\.[0-9]+)?(ms|s|m|h)?" (toString .) -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $sum = addf $sum (mulf (float64 (trimSuffix $unit .)) (get $factors $unit)) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}

{{/* Whole seconds from SIGTERM to the agent's end, with the reserve: less would let the kubelet cut into a drain. */}}
{{- define "pidpiper.terminationSeconds" -}}
{{- $adoption := include "pidpiper.millis" (.Values.env.ADOPTION_GRACEPERIOD | toString | default "3s") -}}
{{- $shutdown := include "pidpiper.millis" (.Values.env.SHUTDOWN_GRACEPERIOD | toString | default "3s") -}}
{{- $seconds := divf (addf (float64 $adoption) (float64 $shutdown)) 1000 | ceil -}}
{{- add (int64 $seconds) (int64 .Values.terminationReserveSeconds) -}}
{{- end -}}
