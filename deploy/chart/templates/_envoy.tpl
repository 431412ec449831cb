{{- /* deploy/envoy/envoy.yaml with the addresses of a pod. */ -}}
{{- define "ordinance.envoy" -}}
{{- $text := .Files.Get "files/envoy.yaml" | required "the chart lacks files/envoy.yaml" -}}
{{- $text = $text | replace "{address: 127.0.0.1, port_value: 10000}" (printf "{address: 0.0.0.0, port_value: %v}" .Values.envoy.port) -}}
{{- $text = $text | replace "- name: models\n      connect_timeout" "- name: models\n      type: STRICT_DNS\n      connect_timeout" -}}
{{- $text | replace "{address: 127.0.0.1, port_value: 8000}" (printf "{address: %q, port_value: %v}" .Values.upstream.host .Values.upstream.port) -}}
{{- end -}}
