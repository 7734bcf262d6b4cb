"""Ordinary lines of a cluster and its tools: what a person must be able to read. One entry a kind: its templates."""

# ruff: noqa: E501 - one text a template, whatever its length
from __future__ import annotations

CLUSTER: dict[str, list[str]] = {
    "kubectl get pods": [
        "‹pod:›   ‹n:0-3›/‹n:1-3›     ‹pick:Running|Pending|CrashLoopBackOff|Completed|OOMKilled|ImagePullBackOff›   ‹n:0-90›          ‹n:1-50›d",
        "‹ns:›   ‹pod:›   1/1   Running   ‹n:0-9› (‹n:1-59›m ago)   ‹n:1-30›h   ‹ip:›   node-‹n:1-40›   <none>   <none>",
        "pod/‹pod:› condition met", "pod \"‹pod:›\" deleted", "NAME   READY   STATUS    RESTARTS   AGE",
    ],
    "kubectl get secrets": [
        "‹app:›-tls        kubernetes.io/tls                     2      ‹n:1-300›d", "‹app:›-credentials   Opaque   ‹n:1-9›      ‹n:1-59›m",
        "default-token-‹low:5›   kubernetes.io/service-account-token   3   ‹n:1-900›d", "secret/‹app:›-auth unchanged", "secret/regcred created",
        "sh.helm.release.v1.‹app:›.v‹n:1-40›   helm.sh/release.v1   1   ‹n:1-90›d", "bootstrap-token-‹low:6›   bootstrap.kubernetes.io/token   7   2d",
    ],
    "kubectl get other": [
        "deployment.apps/‹app:›   ‹n:0-5›/5   5   ‹n:0-5›   ‹n:1-99›d", "service/‹app:›   ClusterIP   ‹ip:›   <none>   ‹n:80-9999›/TCP   ‹n:1-99›d",
        "node-‹n:1-90›   Ready   control-plane   ‹n:1-99›d   v1.‹n:29-34›.‹n:0-9›", "persistentvolume/pvc-‹uuid:›   ‹n:1-500›Gi   RWO   Delete   Bound   ‹ns:›/data-‹app:›-0",
        "replicaset.apps/‹app:›-‹low:9›   3   3   3   ‹n:1-9›d", "horizontalpodautoscaler/‹app:›   Deployment/‹app:›   ‹n:1-300›%/80%   2   10   ‹n:2-10›",
        "job.batch/‹app:›-‹n:20000000-29999999›   0/1   ‹n:1-60›m   ‹n:1-60›m",
    ],
    "references to objects": [
        "pr-‹n:100-9999›-‹hex:6›/HorizontalPodAutoscaler/‹app:›", "e2e-‹hex:6›-gw‹n:0-9›/PersistentVolumeClaim/data-‹app:›-0", "changed review-‹hex:8›/PodDisruptionBudget/‹app:›: maxUnavailable 1 -> 2",
        "StatefulSet/‹app:›-‹hex:6› is not ready", "k8s://prod/pr-‹n:1-99›-‹hex:7›/NetworkPolicy/‹app:›", "autoscaling/v2/HorizontalPodAutoscaler ‹ns:›/‹app:›", "ValidatingWebhookConfiguration/‹app:›-‹hex:6› refused it",
    ],
    "uids and versions of objects": [
        "  uid: ‹uuid:›", '    "uid": "‹uuid:›",', '  resourceVersion: "‹n:100000-999999999›"', "  generation: ‹n:1-90›", "  selfLink: /api/v1/namespaces/‹ns:›/pods/‹pod:›",
        '"resourceVersion":"‹n:1000-99999999›","uid":"‹uuid:›"', "UID:              ‹uuid:›", "  observedGeneration: ‹n:1-90›", "    controller-uid: ‹uuid:›",
    ],
    "labels of templates": [
        "    pod-template-hash: ‹low:10›", "    controller-revision-hash: ‹app:›-‹low:10›", "Labels:  app=‹app:›,pod-template-hash=‹low:9›", "    statefulset.kubernetes.io/pod-name: ‹app:›-‹n:0-9›",
        "  app.kubernetes.io/name: ‹app:›", "    batch.kubernetes.io/job-completion-index: \"‹n:0-9›\"", "Selector: app=‹app:›,tier=backend", "    security.istio.io/tlsMode: istio",
    ],
    "checksum annotations": [
        "        checksum/secret: ‹hex:64›", "        checksum/config: ‹hex:64›", "    checksum/secret-env: ‹hex:64›", '"checksum/secrets":"‹hex:64›"', "  checksum/auth-token: ‹hex:40›",
        "Annotations:  checksum/secret: ‹hex:64›", "    acme.io/secret-hash: ‹hex:32›", "    vault.example.com/token-checksum: sha256:‹hex:64›", "      rollme: ‹b62:5›",
        "    reloader.example.com/last-reloaded-secret: ‹hex:40›", "        checksum/credentials: ‹hex:64›", "        checksum/tls-key: ‹hex:64›",
    ],
    "references to secrets": [
        "          secretName: ‹app:›-tls", "      secretKeyRef:", "            key: password", "        name: ‹app:›-credentials", "imagePullSecrets: [{name: regcred}]", "  existingSecret: ‹app:›-db",
        "          secretKeyRef: {name: ‹app:›-db, key: db-password}", "      secretRef: {name: ‹app:›-env}", "  tokenSecretRef: {name: ‹app:›-token, key: token}", '"secretKeyRef":{"name":"‹app:›","key":"api-token"}',
        "    passwordSecret: ‹app:›-admin", "      DB_PASSWORD:  <set to the key 'password' in secret '‹app:›-db'>  Optional: false", "    passwordFile: /etc/‹app:›/password", "secretName: ‹app:›-‹low:5›-tls",
        "auth.existingSecretPasswordKey: redis-password", "      privateKeySecretRef: {name: letsencrypt-‹app:›}", "    credentialsSecret: {name: cloud-‹app:›}", "  userSecret: ‹app:›.db.credentials.postgresql.acid.zalan.do",
    ],
    "service accounts and tokens": [
        "  automountServiceAccountToken: ‹pick:true|false›", "  serviceAccountName: ‹app:›", "      - serviceAccountToken:", "          expirationSeconds: ‹n:600-7200›", "    /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-‹low:5› (ro)",
        "serviceaccount/‹app:› created", "Mountable secrets:   <none>", "Tokens:              ‹app:›-token-‹low:5›", "TokenExpirationSeconds:  3607", "          audience: vault", "token audiences: [https://kubernetes.default.svc]", "Image pull secrets:  regcred",
    ],
    "rbac": [
        "- apiGroups: ['']\n  resources: [secrets]\n  verbs: [get, list]", "secrets   []   []   [get list watch create]", 'User "system:serviceaccount:‹ns:›:‹app:›" cannot list resource "secrets" in API group "" in the namespace "‹ns:›"',
        "tokenreviews.authentication.k8s.io   []   []   [create]", "clusterrole.rbac.authorization.k8s.io/‹app:›-secret-reader created", "  authorization-mode: Node,RBAC", "  resourceNames: [‹app:›-token]",
    ],
    "describe of a pod": [
        "    Image ID:       docker.io/library/‹app:›@sha256:‹hex:64›", "    Container ID:   containerd://‹hex:64›", "    State:          Running", "    Last State:     Terminated (exit code ‹n:1-255›)", "Node:             node-‹n:1-40›/‹ip:›",
        "    Limits:         cpu: ‹n:100-900›m, memory: ‹n:64-900›Mi", "Volumes: kube-api-access-‹low:5›", "    SecretName:  ‹app:›-tls", "    Type:        Secret (a volume populated by a Secret)", "QoS Class: Burstable", "    Port:           ‹n:80-9999›/TCP",
    ],
    "events": [
        "Warning  FailedMount  ‹n:1-59›s (x‹n:2-30› over ‹n:2-59›m)  kubelet  MountVolume.SetUp failed for volume \"tls\" : secret \"‹app:›-tls\" not found",
        "Warning  Failed  ‹n:1-59›s  kubelet  Error: couldn't find key DB_PASSWORD in Secret ‹ns:›/‹app:›", "Warning  Failed  kubelet  Error: secret \"‹app:›-token\" not found",
        "Normal  Pulled  ‹n:1-9›m  kubelet  Successfully pulled image \"r.example.com/‹app:›:‹n:1-9›.‹n:0-20›.‹n:0-9›\" in ‹n:100-9000›ms", "Normal  SuccessfulCreate  replicaset-controller  Created pod: ‹pod:›",
        "Warning  Unhealthy  kubelet  Readiness probe failed: HTTP probe failed with statuscode: 503", "Warning  BackOff  ‹n:1-59›s  kubelet  Back-off restarting failed container ‹app:› in pod ‹pod:›_‹ns:›(‹uuid:›)",
        "Normal  Issuing  cert-manager  Stored new private key in temporary Secret resource \"‹app:›-‹low:5›\"", "Normal  Generated  cert-manager  Stored new private key in temporary Secret resource \"‹app:›\"",
        "Warning  InvalidToken  operator  token expired, requesting a new one", "Warning  FailedToRetrieveImagePullSecret  kubelet  Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
    ],
    "image references": [
        "image: r.example.com/team/‹app:›:‹hex:40›", "image: ghcr.io/acme/auth-token:‹hex:40›", "r/auth-token:‹hex:40›", "quay.io/acme/secret-store@sha256:‹hex:64›", "docker.io/acme/password-manager:v‹n:1-9›.‹n:0-20›.‹n:0-9›",
        "image: r/‹app:›:main-‹hex:7›-‹n:1690000000-1790000000›", "imageID: docker-pullable://r.example.com/token-service@sha256:‹hex:64›", "Pulling image \"r.example.com/key-service:‹hex:12›\"", "public.ecr.aws/acme/credentials-operator:‹n:1-9›.‹n:0-9›.‹n:0-9›-‹hex:8›",
        "us-docker.pkg.dev/acme/secrets/‹app:›:‹hex:40›", "Digest: sha256:‹hex:64›", "  newTag: ‹hex:40›",
    ],
    "status and conditions": [
        '{"type":"Ready","status":"False","reason":"ContainersNotReady","message":"containers with unready status: [‹app:›]"}', "  message: 'secret \"‹app:›-db\" is not synced: SecretSyncedError'", "status: {phase: Bound}",
        "  - lastTransitionTime: \"‹ts:›Z\"", "    reason: SecretSynced", "    reason: InvalidCredentials", "    message: Secret was synced", "    type: AuthTokenValid", "reason: TokenExpired", "  refreshTime: \"‹ts:›Z\"", "syncedResourceVersion: ‹n:1-9›-‹hex:56›",
    ],
    "certificates": [
        "SHA256 Fingerprint=‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›", "Serial Number: ‹hex:32›", "        X509v3 Subject Key Identifier: ‹HEX:40›", "X509v3 Authority Key Identifier: keyid:‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›:‹HEX:2›",
        "Not After : Dec ‹n:10-28› ‹time:› 2027 GMT", "-----BEGIN CERTIFICATE-----", "MII‹b64:61›", "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t‹b64:80›", "caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t‹b64:120›",
        "Public Key Algorithm: id-ecPublicKey", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI‹b64:43› ops@‹app:›", "Signature Algorithm: sha256WithRSAEncryption", "subject=CN = ‹app:›.‹ns:›.svc", "SHA256:‹b64:43› ops@node-‹n:1-9› (ED25519)", "serial=‹HEX:32›",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ‹b64:120› deploy", "pin-sha256=\"‹b64:43›=\"",
    ],
    "helm and kustomize": [
        "Release \"‹app:›\" has been upgraded. Happy Helming!", "‹app:›   ‹ns:›   ‹n:1-60›   deployed   ‹app:›-‹n:1-9›.‹n:0-30›.‹n:0-9›", "secretGenerator:", "- name: ‹app:›-credentials-‹low:10›", "  tokenTTL: ‹n:1-48›h", "helm.sh/chart: ‹app:›-‹n:1-9›.‹n:0-9›.‹n:0-9›",
        "    disableNameSuffixHash: true", "auth:\n  enabled: true", "  secretTemplate: {}", "useSecret: true", "  passwordPolicy: strong", "  keyRotation: {enabled: true, days: ‹n:30-365›}", "REVISION: ‹n:1-60›", "{{ .Values.db.password | quote }}", "password: {{ .Values.auth.password }}", "  token: {{ include \"‹app:›.token\" . }}",
    ],
    "gitops": [
        "Synced to main@sha1:‹hex:40›", "stored artifact for revision 'main@sha1:‹hex:40›'", "targetRevision: ‹hex:40›", "  secret: ‹pick:deploy-key|flux-system|repo-creds›", "Applied revision: main/‹hex:40›", "sops.mac not found in ‹app:›/secrets.yaml", "kustomization/‹app:› reconciled", "lastAppliedRevision: main@sha1:‹hex:40›",
        "password: ENC[AES256_GCM,data:‹b64:16›,iv:‹b64:43›=,tag:‹b64:22›==,type:str]", "secret/‹app:› configured (sealed, ‹n:1-9› keys)",
    ],
    "storage and volumes": [
        "pvc-‹uuid:›   ‹n:1-900›Gi   RWO   Delete   Bound", "volumeHandle: vol-0‹hex:16›", "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[kube-api-access-‹low:5› secrets]: timed out", "/dev/nvme‹n:0-3›n1   ext4   ‹n:1-90›% /data", "csi.storage.k8s.io/node-publish-secret-name: ‹app:›-csi",
        "snapcontent-‹uuid:›", "  nodeStageSecretRef: {name: ceph-‹app:›, namespace: ‹ns:›}", "MountVolume.SetUp failed for volume \"kube-api-access-‹low:5›\" : object \"‹ns:›\"/\"kube-root-ca.crt\" not registered",
    ],
    "network": [
        "‹ip:›:‹n:1024-65535› -> ‹ip:›:443 TCP SYN retransmit", "endpointslice/‹app:›-‹low:5›   IPv4   80   ‹ip:›,‹ip:›", "sessionAffinity: None", "authority: ‹app:›.‹ns:›.svc.cluster.local", "upstream connect error or disconnect/reset before headers. reset reason: connection timeout", "http://‹app:›.‹ns:›:8080/v1/tokens?page=‹n:1-99›",
        "GET http://prometheus:9090/api/v1/query?query=up", "https://‹app:›.example.com/auth/callback", "tcp keepalive: ‹n:10-300›s, keys: ‹n:1-9›", "nslookup ‹app:›-auth.‹ns:›: NXDOMAIN", "listening on :‹n:1024-65535›, auth disabled",
    ],
    "node and kubelet": [
        "I1122 ‹time:›.‹n:100000-999999›    ‹n:1000-9999› kubelet.go:‹n:100-2500›] \"SyncLoop (PLEG): event for pod\" pod=\"‹ns:›/‹pod:›\" event={\"ID\":\"‹uuid:›\",\"Type\":\"ContainerStarted\",\"Data\":\"‹hex:64›\"}",
        "E1122 ‹time:›.‹n:100000-999999› secret.go:‹n:100-300›] Couldn't get secret ‹ns:›/‹app:›-tls: secret \"‹app:›-tls\" not found", "W1122 ‹time:›.1 reflector.go:533] failed to list *v1.Secret: secrets is forbidden", "Nov 22 ‹time:› node-‹n:1-9› kernel: Out of memory: Killed process ‹n:100-99999› (‹app:›)",
        "I1122 ‹time:›.1 token_manager.go:‹n:10-200›] token for ‹ns:›/‹app:› rotated, expires in ‹n:100-3600›s", "bootID: ‹uuid:›", "machineID: ‹hex:32›", "systemUUID: ‹uuid:›", "Unauthorized: the token has expired", "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key", "--token-auth-file=/etc/k8s/tokens.csv",
    ],
    "audit of the API server": [
        '{"kind":"Event","level":"Metadata","auditID":"‹uuid:›","verb":"get","requestURI":"/api/v1/namespaces/‹ns:›/secrets/‹app:›","user":{"username":"system:node:n‹n:1-9›"}}', '"requestURI":"/api/v1/namespaces/‹ns:›/serviceaccounts/‹app:›/token","verb":"create","responseStatus":{"code":201}',
        '"authorization.k8s.io/decision":"allow"', '"authentication.k8s.io/credential-id":"JTI=‹uuid:›"', "auditID=‹uuid:› verb=list resource=secrets code=‹pick:200|403›", '"annotations":{"authentication.k8s.io/stale-token":"subject: system:serviceaccount:‹ns:›:‹app:›, seconds after warning threshold: ‹n:1-900›"}',
    ],
}  # fmt: skip
