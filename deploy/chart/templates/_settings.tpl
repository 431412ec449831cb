{{- /* The settings file. What the shape decides wins over what the values say. */ -}}
{{- define "ordinance.settings" -}}
{{- $settings := deepCopy .Values.settings -}}
{{- if not $settings.jurisdiction -}}{{- $_ := unset $settings "jurisdiction" -}}{{- end -}}
{{- $_ := set $settings "metrics" (dict "host" "0.0.0.0" "port" .Values.metrics.port) -}}
{{- with .Values.policy.expect -}}{{- $_ := set $settings "expect" . -}}{{- end -}}
{{- if and (or .Values.policy.packs .Values.policy.volume) (not $settings.packs) -}}
{{- $_ := set $settings "packs" (list "/opt/ordinance/rules/jurisdictions" (ternary "/etc/ordinance-packs" "packs" (not (not .Values.policy.volume)))) -}}
{{- end -}}
{{- if include "ordinance.signed" . -}}
{{- $_ := set $settings "packs" (list (printf "/etc/ordinance-policy/%s" .Values.policy.bundle.file)) -}}
{{- $_ := set $settings "trust" (dict "root" "root.json" "required" true "state" "/var/lib/ordinance/trust.json") -}}
{{- end -}}
{{- if .Values.secrets.conversation.secret -}}
{{- $_ := set $settings "conversation" (merge (dict "secret_file" "/etc/ordinance-secrets/conversation") ($settings.conversation | default dict)) -}}
{{- end -}}
{{- if .Values.secrets.mark.secret -}}
{{- $_ := set $settings "mark" (merge (dict "key_file" "/etc/ordinance-secrets/mark") $settings.mark) -}}
{{- end -}}
{{- if .Values.secrets.audit.secret -}}
{{- $_ := set $settings "audit" (merge (dict "key_file" "/etc/ordinance-secrets/audit") ($settings.audit | default dict)) -}}
{{- end -}}
{{- if not (dig "conversation" "store" "" $settings) -}}
{{- /* A file in a pod would be of that pod alone, and gone with it. */ -}}
{{- $_ := set $settings "conversation" (merge (dict "store" "none") ($settings.conversation | default dict)) -}}
{{- end -}}
{{- if ne .Values.shape "vllm" -}}
{{- if not $settings.upstreams -}}
{{- $url := printf "http://%s:%v/v1" .Values.upstream.host .Values.upstream.port -}}
{{- $_ := set $settings "upstream" (merge (dict "url" $url) ($settings.upstream | default dict)) -}}
{{- end -}}
{{- $_ := set $settings "drain_seconds" (include "ordinance.drain" . | int) -}}
{{- $_ := set $settings "grace_seconds" .Values.stop.graceSeconds -}}
{{- end -}}
{{- if eq .Values.shape "gateway" -}}
{{- $_ := set $settings "host" "0.0.0.0" -}}
{{- $_ := set $settings "port" (include "ordinance.port" . | int) -}}
{{- end -}}
{{- if eq .Values.shape "envoy" -}}
{{- /* Envoy is in the same pod; the kubelet, which asks for health, is not. */ -}}
{{- $ours := dict "listen" "127.0.0.1:9002" "health" "0.0.0.0:9003" -}}
{{- $_ := set $settings "ext_proc" (merge $ours ($settings.ext_proc | default dict)) -}}
{{- end -}}
{{ toYaml $settings }}
{{- end -}}

{{- /* Not empty if the policy is a signed bundle. */ -}}
{{- define "ordinance.signed" -}}
{{- if or .Values.policy.bundle.root .Values.policy.bundle.volume -}}signed{{- end -}}
{{- end -}}

{{- /* The content of the ConfigMap. */ -}}
{{- define "ordinance.files" -}}
ordinance.yaml: |
{{ include "ordinance.settings" . | indent 2 }}
{{- range $name, $text := .Values.policy.packs }}
{{ $name }}: |
{{ $text | indent 2 }}
{{- end }}
{{- if include "ordinance.signed" . }}
root.json: {{ .Values.policy.bundle.root | toJson }}
{{- end }}
{{- if eq .Values.shape "envoy" }}
envoy.yaml: |
{{ include "ordinance.envoy" . | indent 2 }}
{{- end }}
{{- end -}}

{{- /* A name that changes with the content: pods of two releases never read each other's files. */ -}}
{{- define "ordinance.configmap" -}}
{{ include "ordinance.name" . }}-{{ include "ordinance.files" . | sha256sum | trunc 12 }}
{{- end -}}
