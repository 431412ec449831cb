{{- define "ordinance.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ordinance.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ordinance.labels" -}}
{{ include "ordinance.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ .Values.shape }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* Where clients come in. */ -}}
{{- define "ordinance.port" -}}
{{- if eq .Values.shape "gateway" -}}8080{{- else if eq .Values.shape "vllm" -}}8000{{- else -}}{{ .Values.envoy.port }}{{- end -}}
{{- end -}}

{{- /* The image, by its digest alone. */ -}}
{{- define "ordinance.image" -}}
{{ .repository }}@{{ .digest }}
{{- end -}}

{{- /* Longer than the pod needs to be out of every balancer: what a readiness probe takes to fail, and one period more. */ -}}
{{- define "ordinance.drain" -}}
{{- mul .Values.probes.periodSeconds (add1 .Values.probes.failureThreshold) -}}
{{- end -}}

{{- /* What a container may be: not root, no privilege, nothing to write but the volumes. */ -}}
{{- define "ordinance.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}
