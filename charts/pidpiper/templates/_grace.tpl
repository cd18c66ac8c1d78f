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

{{/* Whole seconds from SIGTERM to the agent's end, with the reserve: less would let the kubelet cut into a drain.
     Programs of a supervisord configuration have stop times of their own, 10 s each unless they say otherwise: they
     get Kubernetes' usual 30 s at least. */}}
{{- define "pidpiper.terminationSeconds" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- $adoption := include "pidpiper.millis" (include "pidpiper.given" (list . "ADOPTION_GRACEPERIOD") | default "3s") -}}
{{- $shutdown := include "pidpiper.millis" (include "pidpiper.given" (list . "SHUTDOWN_GRACEPERIOD") | default "3s") -}}
{{- $seconds := divf (addf (float64 $adoption) (float64 $shutdown)) 1000 | ceil -}}
{{- max (add (int64 $seconds) (int64 .Values.terminationReserveSeconds)) (empty .Values.supervisord.conf | ternary 0 30) -}}
{{- else -}}
{{- int64 .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end -}}
