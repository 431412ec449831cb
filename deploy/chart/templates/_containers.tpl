{{- define "ordinance.env" -}}
- {name: ORDINANCE_CONFIG, value: /etc/ordinance/ordinance.yaml}
- {name: HOME, value: /tmp}
{{- if .Values.secrets.serverKey.secret }}
- name: {{ ternary "VLLM_API_KEY" "ORDINANCE_UPSTREAM__KEY" (eq .Values.shape "vllm") }}
  valueFrom:
    secretKeyRef: {name: {{ .Values.secrets.serverKey.secret }}, key: {{ .Values.secrets.serverKey.key }}}
{{- end }}
{{- if .Values.secrets.auditStore.secret }}
- name: ORDINANCE_AUDIT__STORE
  valueFrom:
    secretKeyRef: {name: {{ .Values.secrets.auditStore.secret }}, key: {{ .Values.secrets.auditStore.key }}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What Ordinance reads from files: not empty if there is one. */ -}}
{{- define "ordinance.secret-files" -}}
{{- range $name := list "conversation" "mark" "audit" }}
{{- with index $.Values.secrets $name }}
{{- if .secret }}
- secret:
    name: {{ .secret }}
    items: [{key: {{ .key }}, path: {{ $name }}, mode: 0440}]
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ordinance.mounts" -}}
- {name: settings, mountPath: /etc/ordinance, readOnly: true}
{{- if .Values.policy.volume }}
- {name: packs, mountPath: /etc/ordinance-packs, readOnly: true}
{{- end }}
{{- if include "ordinance.signed" . }}
- {name: policy, mountPath: /etc/ordinance-policy, readOnly: true}
- {name: state, mountPath: /var/lib/ordinance}
{{- end }}
{{- if include "ordinance.secret-files" . }}
- {name: secrets, mountPath: /etc/ordinance-secrets, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Ordinance before a pool. */ -}}
{{- define "ordinance.gateway" -}}
command: [ordinance, serve, --config, /etc/ordinance/ordinance.yaml]
env: {{- include "ordinance.env" . | nindent 2 }}
ports:
  - {name: http, containerPort: {{ include "ordinance.port" . }}}
  - {name: metrics, containerPort: {{ .Values.metrics.port }}}
# The name that the gateway always answers to, whatever `hosts` lists.
startupProbe:
  httpGet: {path: /health, port: http, httpHeaders: [{name: Host, value: localhost}]}
  periodSeconds: 2
  failureThreshold: 90
livenessProbe:
  httpGet: {path: /health, port: http, httpHeaders: [{name: Host, value: localhost}]}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /ready, port: http, httpHeaders: [{name: Host, value: localhost}]}
  periodSeconds: {{ .Values.probes.periodSeconds }}
  timeoutSeconds: 3
  failureThreshold: {{ .Values.probes.failureThreshold }}
volumeMounts: {{- include "ordinance.mounts" . | nindent 2 }}
{{- end -}}

{{- /* Ordinance inside vLLM. vLLM's own settings of a stop: it does not know `drain_seconds`. */ -}}
{{- define "ordinance.vllm" -}}
command:
  - vllm
  - serve
  - {{ .Values.vllm.model | quote }}
  - --host
  - 0.0.0.0
  - --port
  - {{ include "ordinance.port" . | quote }}
  - --middleware
  - ordinance.serve.vllm.Ordinance
  - --shutdown-timeout
  - {{ .Values.stop.graceSeconds | quote }}
  {{- range .Values.vllm.arguments }}
  - {{ . | quote }}
  {{- end }}
env:
  - {name: VLLM_NO_USAGE_STATS, value: "1"}
  - {name: HF_HUB_OFFLINE, value: "1"}
  - {name: VLLM_CACHE_ROOT, value: /cache/vllm}
  - {name: XDG_CACHE_HOME, value: /cache}
  - {name: TRITON_CACHE_DIR, value: /cache/triton}
  {{- include "ordinance.env" . | nindent 2 }}
ports:
  - {name: http, containerPort: {{ include "ordinance.port" . }}}
  - {name: metrics, containerPort: {{ .Values.metrics.port }}}
# /health and not /ready, which needs a key where there are keys; a vLLM that is not governed does not come up.
startupProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 10
  failureThreshold: {{ div .Values.vllm.startSeconds 10 }}
livenessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: {{ .Values.probes.periodSeconds }}
  timeoutSeconds: 3
  failureThreshold: {{ .Values.probes.failureThreshold }}
lifecycle:
  preStop:
    sleep: {seconds: {{ include "ordinance.drain" . }}}
volumeMounts:
  {{- include "ordinance.mounts" . | nindent 2 }}
  - {name: cache, mountPath: /cache}
  - {name: shm, mountPath: /dev/shm}
  {{- if .Values.vllm.modelVolume }}
  - {name: models, mountPath: /models, readOnly: true}
  {{- end }}
{{- end -}}

{{- /* Ordinance beside an Envoy, on loopback: nobody else can speak as Envoy. The kubelet asks at a port of its own. */ -}}
{{- define "ordinance.ext-proc" -}}
command: [ordinance, ext-proc, --config, /etc/ordinance/ordinance.yaml]
env: {{- include "ordinance.env" . | nindent 2 }}
ports:
  - {name: health, containerPort: 9003}
  - {name: metrics, containerPort: {{ .Values.metrics.port }}}
startupProbe:
  grpc: {port: 9003, service: liveness}
  periodSeconds: 2
  failureThreshold: 90
livenessProbe:
  grpc: {port: 9003, service: liveness}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  grpc: {port: 9003}
  periodSeconds: {{ .Values.probes.periodSeconds }}
  timeoutSeconds: 3
  failureThreshold: {{ .Values.probes.failureThreshold }}
volumeMounts: {{- include "ordinance.mounts" . | nindent 2 }}
{{- end -}}

{{- /* A sidecar: it ends after Ordinance has, so that running answers end whole. */ -}}
{{- define "ordinance.envoy-container" -}}
restartPolicy: Always
command: [envoy, --config-path, /etc/ordinance/envoy.yaml, --log-level, warning]
ports:
  - {name: http, containerPort: {{ .Values.envoy.port }}}
startupProbe:
  tcpSocket: {port: http}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  tcpSocket: {port: http}
  periodSeconds: 10
  failureThreshold: 6
readinessProbe:
  tcpSocket: {port: http}
  periodSeconds: {{ .Values.probes.periodSeconds }}
  failureThreshold: {{ .Values.probes.failureThreshold }}
volumeMounts:
  - {name: settings, mountPath: /etc/ordinance, readOnly: true}
  - {name: envoy-tmp, mountPath: /tmp}
{{- end -}}
