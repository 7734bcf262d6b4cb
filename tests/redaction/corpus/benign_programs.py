"""Ordinary lines of programs, pipelines and monitoring: what a person must be able to read. One entry a kind: its templates."""

# ruff: noqa: E501 - one text a template, whatever its length
from __future__ import annotations

PROGRAMS: dict[str, list[str]] = {
    "nginx access": [
        '‹ip:› - - [22/Nov/2026:‹time:› +0000] "GET /api/v1/‹app:›/‹n:1-99999› HTTP/1.1" ‹pick:200|304|404|502› ‹n:10-9999› "-" "Mozilla/5.0 (X11; Linux x86_64)"', '‹ip:› - app [22/Nov/2026:‹time:› +0000] "POST /oauth/token HTTP/1.1" ‹pick:200|401› ‹n:10-999›',
        '‹ip:› - - [22/Nov/2026:‹time:› +0000] "GET /password/reset HTTP/2.0" 200 ‹n:10-999›', '‹ip:› - - [22/Nov/2026:‹time:› +0000] "GET /static/app.‹hex:8›.js?v=‹n:1-99› HTTP/1.1" 200 ‹n:10-9999›', '‹ip:› - - [22/Nov/2026:‹time:› +0000] "DELETE /v1/secrets/‹uuid:› HTTP/1.1" 204 0', "rt=0.‹n:100-999› uct=\"0.001\" request_id=‹hex:32›",
    ],
    "nginx error": [
        "2026/11/22 ‹time:› [error] ‹n:10-99›#‹n:10-99›: *‹n:1-99999› connect() failed (111: Connection refused) while connecting to upstream, client: ‹ip:›, server: ‹app:›.example.com", "2026/11/22 ‹time:› [error] 7#7: *‹n:1-9999› user \"app\": password mismatch, client: ‹ip:›",
        "2026/11/22 ‹time:› [error] 7#7: *3 no user/password was provided for basic authentication, client: ‹ip:›", "2026/11/22 ‹time:› [warn] 7#7: cannot load certificate key \"/etc/tls/‹app:›.key\": PEM_read_bio_PrivateKey() failed", "2026/11/22 ‹time:› [emerg] 1#1: invalid number of arguments in \"auth_basic_user_file\" directive",
    ],
    "java log": [
        "2026-11-22 ‹time:›.‹n:100-999›  INFO ‹n:1-99› --- [nio-8080-exec-‹n:1-9›] c.acme.‹app:›.Service : Handled order ‹uuid:› in ‹n:1-900› ms", "2026-11-22 ‹time:›.1 WARN [main] o.s.s.c.bcrypt.BCryptPasswordEncoder : Encoded password does not look like BCrypt", "ERROR [http-1] c.a.TokenFilter - Token expired at ‹ts:›Z",
        "Caused by: javax.security.auth.login.FailedLoginException: Password Incorrect/Password Required", "2026-11-22 ‹time:›.1 DEBUG HikariPool-1 - Pool stats (total=‹n:1-20›, active=‹n:1-20›, idle=‹n:0-20›, waiting=‹n:0-200›)", "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space", "c.a.security.JwtTokenProvider : Invalid JWT signature", "o.a.kafka.common.errors.SaslAuthenticationException: Authentication failed: Invalid username or password",
    ],
    "stack traces": [
        "\tat com.acme.auth.TokenService.refreshToken(TokenService.java:‹n:10-900›)", "\tat com.acme.‹app:›.PasswordEncoder.matches(PasswordEncoder.java:‹n:10-900›)", "  File \"/app/auth/token.py\", line ‹n:1-900›, in get_token", "    token = self.cache.get(key)", "    password = settings.DATABASE_PASSWORD", "goroutine ‹n:1-900› [running]:", "github.com/acme/auth/token.(*Store).Get(0xc000‹hex:6›, {0x‹hex:6›, 0x‹n:1-9›})",
        "\t/go/src/auth/secret.go:‹n:10-900› +0x‹hex:3›", "    at verifyToken (/app/node_modules/jsonwebtoken/verify.js:‹n:10-300›:‹n:10-40›)", "KeyError: 'password'", "TypeError: Cannot read properties of undefined (reading 'token')", "  raise AuthError(f\"token for {user} has expired\")", "thread 'main' panicked at src/secret.rs:‹n:1-900›:‹n:1-80›",
        "    api_key = os.environ.get('API_KEY')", "    secret = get_secret(name)", "ValueError: password must not be empty", "    key=lambda item: item.created,", "NullPointerException: Cannot invoke \"String.length()\" because \"password\" is null",
    ],
    "go log": [
        "{\"level\":\"info\",\"ts\":‹n:1780000000-1790000000›.‹n:1-999›,\"caller\":\"auth/token.go:‹n:10-300›\",\"msg\":\"token refreshed\",\"ttl\":‹n:60-3600›}", "time=\"‹ts:›Z\" level=warning msg=\"secret not found, retrying\" secret=‹app:›-db namespace=‹ns:›", "2026/11/22 ‹time:› http: TLS handshake error from ‹ip:›:‹n:1024-60000›: EOF", "level=info ts=‹ts:›Z caller=main.go:‹n:1-400› msg=\"listening\" addr=:‹n:1024-9999›",
        "time=‹ts:›Z level=INFO msg=\"key rotated\" key_id=‹uuid:› age=‹n:1-90›d", "level=error msg=\"authentication failed\" err=\"invalid token\" user=app", "{\"level\":\"warn\",\"msg\":\"auth: token is about to expire\",\"seconds_left\":‹n:1-600›}",
    ],
    "python log": [
        "2026-11-22 ‹time:›,‹n:100-999› INFO ‹app:›.worker: task ‹uuid:› succeeded in ‹n:0-9›.‹n:10-99›s", "WARNING:auth:password: wrong for user app‹n:1-9›", "INFO:     ‹ip:›:‹n:1024-60000› - \"POST /token HTTP/1.1\" 401 Unauthorized", "ERROR django.request: Forbidden (CSRF token missing.): /‹app:›/", "[2026-11-22 ‹time:› +0000] [‹n:1-99›] [INFO] Booting worker with pid: ‹n:1-999›",
        "celery.worker: Task ‹app:›.rotate_secret[‹uuid:›] received", "DEBUG botocore.credentials: Found credentials in environment variables.", "INFO secrets: ‹n:1-90› secrets scanned, ‹n:0-9› expired", "root: login failed, password: incorrect",
    ],
    "postgres log": [
        "2026-11-22 ‹time:›.‹n:100-999› UTC [‹n:10-999›] FATAL:  password authentication failed for user \"‹app:›\"", "2026-11-22 ‹time:› UTC [‹n:10-999›] DETAIL:  Connection matched file \"/pg_hba.conf\" line ‹n:1-120›: \"host all all all scram-sha-256\"", "ERROR:  duplicate key value violates unique constraint \"‹app:›_pkey\"", "DETAIL:  Key (token_id)=(‹n:1-99999›) already exists.", "LOG:  duration: ‹n:1-9000›.‹n:100-999› ms  execute S_‹n:1-9›: SELECT id, token_hash FROM sessions WHERE user_id = $1",
        "DETAIL:  Role \"‹app:›\" does not exist.", "FATAL:  no pg_hba.conf entry for host \"‹ip:›\", user \"app\", database \"shop\", no encryption", "LOG:  checkpoint complete: wrote ‹n:1-900› buffers (‹n:0-9›.2%); lsn=‹n:0-9›/‹HEX:8›, redo lsn=‹n:0-9›/‹HEX:8›", "ERROR:  column \"password\" does not exist at character ‹n:1-90›", "STATEMENT:  UPDATE users SET password = $1 WHERE id = $2",
    ],
    "mysql log": [
        "2026-11-22T‹time:›Z ‹n:1-999› [Note] Access denied for user 'app'@'‹ip:›' (using password: ‹pick:YES|NO›)", "[Warning] [MY-010956] Invalid replication timestamps: original commit timestamp is more recent", "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)", "Retrieved_Gtid_Set: ‹uuid:›:1-‹n:1-99999›", "[Warning] 'caching_sha2_password' is the default authentication plugin", "mysql: [Warning] Using a password on the command line interface can be insecure.",
    ],
    "kafka log": [
        "[2026-11-22 ‹time:›,‹n:100-999›] INFO [GroupCoordinator 1]: Preparing to rebalance group ‹app:› in state PreparingRebalance with old generation ‹n:1-99› (__consumer_offsets-‹n:1-49›)", "[2026-11-22 ‹time:›,1] INFO Kafka commitId: ‹hex:16›", "key.serializer = class org.apache.kafka.common.serialization.StringSerializer", "ssl.key.password = null", "ssl.keystore.password = [hidden]", "sasl.jaas.config = null", "partition.assignment.strategy = [range]", "TOPIC ‹app:›.tokens PARTITION ‹n:0-20› CURRENT-OFFSET ‹n:1-999999› LAG ‹n:0-9999›",
        "cluster.id: ‹b62-:22›", "sasl.login.refresh.window.factor = 0.8", "[2026-11-22 ‹time:›,3] ERROR Failed authentication with /‹ip:› (SSL handshake failed)",
    ],
    "redis log": [
        "‹n:1-9›:M 22 Nov 2026 ‹time:›.‹n:100-999› * Background saving terminated with success", "(error) NOAUTH Authentication required.", "WRONGPASS invalid username-password pair or user is disabled.", "master_replid:‹hex:40›", "keyspace_hits:‹n:1-99999›", "db0:keys=‹n:1-9999›,expires=‹n:1-999›,avg_ttl=‹n:1-999999›", "run_id:‹hex:40›", "# Warning: no password set for the default user", "evicted_keys:‹n:0-9999›", "-NOPERM this user has no permissions to access the 'session:‹n:1-999›' key",
    ],
    "etcd and consul": [
        '{"level":"warn","ts":"‹ts:›Z","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"‹n:100-900›.1ms","expected-duration":"100ms","prefix":"read-only range ","request":"key:\\"/registry/secrets/‹ns:›/‹app:›\\" "}', "‹hex:16›, started, etcd-‹n:0-2›, https://‹ip:›:2380", "agent.client: RPC failed to server: error=\"rpc error: ACL not found\"", "raft: cluster-id=‹hex:16› member-id=‹hex:16› term=‹n:1-99›", "key: /registry/secrets/‹ns:›/‹app:› revision ‹n:1-99999›", "consul: session ‹uuid:› expired",
    ],
    "vault log": [
        "‹ts:›Z [INFO]  core: vault is sealed", "‹ts:›Z [ERROR] auth.kubernetes: login unauthorized: err=\"lookup failed: service account unauthorized\"", "Key             Value\n---             -----\nSeal Type       shamir", "Unseal Progress    ‹n:0-2›/3", "Cluster ID      ‹uuid:›", "lease_duration  ‹n:100-90000›", "token_policies  [\"default\" \"‹app:›\"]", "expiration: revoked lease: lease_id=auth/kubernetes/login/h‹hex:64›", "Total Shares    5", "secret_id_ttl   ‹n:1-90›m", "* permission denied for secret/data/‹app:›", "token_ttl=1h token_max_ttl=‹n:2-48›h",
    ],
    "counters of tokens": [
        "tokens: ‹n:100-99999› used", "input_tokens=‹n:100-99999› output_tokens=‹n:10-9999›", '{"prompt_tokens":‹n:1-9999›,"completion_tokens":‹n:1-999›,"total_tokens":‹n:1-9999›}', "token=‹n:1-400›/‹n:400-999›", "max_tokens: ‹n:256-8192›", "parsed ‹n:1-999› tokens in ‹n:1-99› ms", "token bucket: ‹n:1-99› left of 100", "tokens_per_second: ‹n:1-99›.‹n:1-9›", "unexpected token < in JSON at position ‹n:0-99›", "syntax error near unexpected token `‹pick:fi|done|(|newline›'", "Token count ‹n:100-9000› exceeds limit ‹n:9000-20000›", "cache_read_input_tokens: ‹n:0-9999›",
        "keys: ‹n:1-999›, secrets: ‹n:1-99›", "password attempts: ‹n:1-9›", "remaining tokens ‹n:1-9999›, resets in ‹n:1-60›s", "token=‹n:1-9›", "rate limit: tokens ‹n:1-90›/‹n:90-99›",
    ],
    "sentences about secrets": [
        "the password for user app‹n:1-99› has expired", "password: wrong for user app‹n:1-9›", "password: must be at least ‹n:8-16› characters", "token: expired ‹n:1-59› minutes ago", "secret: not found in namespace ‹ns:›", "api key: missing, set ‹pick:API_KEY|ACME_API_KEY› first", "Invalid API key provided", "the token was revoked by ‹app:›", "auth: failed for ‹app:›, see log", "Please rotate the secret ‹app:›-db by Friday", "credentials: none found, falling back to instance profile", "Error: invalid token: signature is invalid",
        "token is invalid or has expired", "key: value pairs are separated by commas", "password reset requested by user ‹n:1-9999›", "private key does not match certificate", "authorization: denied by policy ‹app:›-default", "cookie: session not found", "no secret for ‹app:›, using default", "the access key of ‹app:› is ‹n:1-400› days old", "secret ‹app:›-tls was changed ‹n:1-59› minutes ago", "no token in request from ‹ip:›", "password: no such attribute", "passphrase: not needed",
    ],
    "git": [
        "commit ‹hex:40›", "Merge: ‹hex:7› ‹hex:7›", "index ‹hex:7›..‹hex:7› 100644", "‹hex:7› Rotate the API token of ‹app:›", "HEAD is now at ‹hex:7› Fix password reset", "From https://github.com/acme/‹app:›", " * [new branch]      fix-token-refresh -> origin/fix-token-refresh", "diff --git a/auth/token.py b/auth/token.py", "remote: Resolving deltas: 100% (‹n:1-99›/‹n:1-99›), done.", "+    token = request.headers.get('Authorization')", "-  password: \"\"", "git rev-parse HEAD: ‹hex:40›", "GIT_COMMIT=‹hex:40›", "revision: ‹hex:40›", "sha: ‹hex:40›",
    ],
    "digests and checksums": [
        "sha256:‹hex:64›", "‹hex:64›  ‹app:›-‹n:1-9›.tar.gz", "md5: ‹hex:32›", "‹hex:32›  /etc/‹app:›.conf", "etag: \"‹hex:32›\"", "ETag: W/\"‹hex:16›-‹n:1-999›\"", "x-amz-version-id: ‹b62-:32›", "integrity sha512-‹b64:86›==", "blake2b ‹hex:128›", "sha1 ‹hex:40› verified", "--hash=sha256:‹hex:64›", "h1:‹b64:43›=", "content-md5: ‹b64:22›==", "key digest ‹hex:40› matches", "token_hash=sha256:‹hex:64›", "sri: sha384-‹b64:64›",
    ],
    "trace and request ids": [
        "trace_id=‹hex:32› span_id=‹hex:16›", "traceparent: 00-‹hex:32›-‹hex:16›-01", '"traceId":"‹hex:32›","spanId":"‹hex:16›","parentId":"‹hex:16›"', "X-Request-Id: ‹uuid:›", "x-amzn-trace-id: Root=1-‹hex:8›-‹hex:24›", "request_id=req_‹b62:24›", "correlationId: ‹uuid:›", "B3: ‹hex:32›-‹hex:16›-1", "x-b3-traceid: ‹hex:32›", "session ended after ‹n:1-900›s, request ‹uuid:›", "cf-ray: ‹hex:16›-FRA", "X-Amz-Request-Id: ‹up:16›", "idempotency-key: ‹uuid:›",
    ],
    "names that look like base64": [
        "cluster-‹low:10›", "ip-10-‹n:0-255›-‹n:0-255›-‹n:0-255›.eu-west-1.compute.internal", "i-0‹hex:17›", "arn:aws:iam::‹dig:12›:role/‹app:›", "arn:aws:secretsmanager:eu-west-1:‹dig:12›:secret:‹app:›-‹b62:6›", "subnet-0‹hex:16›", "projects/acme/secrets/‹app:›/versions/‹n:1-40›", "/subscriptions/‹uuid:›/resourceGroups/‹app:›", "gke-‹app:›-default-pool-‹hex:8›-‹low:4›", "nlb-‹hex:16›.elb.eu-west-1.amazonaws.com", "AlarmArn: arn:aws:cloudwatch:eu-west-1:‹dig:12›:alarm:‹app:›-5xx", "‹app:›.‹ns:›.svc.cluster.local", "ServiceEndpointIdentityToken", "KeyVaultSecretsUserRoleAssignment", "/aws/lambda/‹app:›-token-rotator", "topic: ‹app:›.dead-letter.‹n:1-9›", "arn:aws:kms:eu-west-1:‹dig:12›:key/‹uuid:›",
    ],
    "prometheus text": [
        "http_requests_total{method=\"post\",code=\"‹n:200-504›\",handler=\"/token\"} ‹n:1-99999›", "apiserver_authentication_token_cache_request_total{status=\"hit\"} ‹n:1-9999›", "# HELP vault_token_count Number of tokens", "secret_expiry_seconds{name=\"‹app:›-tls\",namespace=\"‹ns:›\"} ‹n:1-999999›", "kube_secret_info{secret=\"‹app:›-token\",namespace=\"‹ns:›\"} 1", "certmanager_certificate_expiration_timestamp_seconds{name=\"‹app:›\"} 1.79e+09", "process_resident_memory_bytes ‹n:1-9›.‹n:10-99›e+08", "container_id{id=\"/kubepods/pod‹uuid:›/‹hex:64›\"} 1", "password_resets_total ‹n:0-999›",
        "kube_pod_owner{owner_kind=\"ReplicaSet\",owner_name=\"‹app:›-‹low:10›\"} 1",
    ],
    "promql": [
        "sum(rate(http_requests_total{job=\"‹app:›\",code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) > 0.0‹n:1-9›", "kube_secret_labels{label_owner=\"‹app:›\"}", "time() - max by (secret) (kube_secret_created{namespace=\"‹ns:›\"}) > 86400 * ‹n:1-90›", "absent(up{job=\"auth-token-service\"})", "rate(token_requests_total[‹n:1-9›m])", "expr: increase(password_failures_total{app=\"‹app:›\"}[1h]) > ‹n:1-99›", "histogram_quantile(0.99, sum by (le) (rate(auth_duration_seconds_bucket[5m])))", "count by (key) (cache_keys{app=\"‹app:›\"})",
    ],
    "JSON metrics": [
        '{"metric":{"__name__":"up","instance":"‹ip:›:‹n:1-9999›","job":"‹app:›"},"value":[‹n:1780000000-1790000000›.‹n:100-999›,"‹n:0-1›"]}', '{"fingerprint":"‹hex:16›","status":{"state":"active"},"labels":{"alertname":"TokenExpiring","secret":"‹app:›"}}', '{"name":"auth_tokens_issued","value":‹n:1-999›,"unit":"1"}', '{"groupKey":"{}:{alertname=\\"‹app:›\\"}","receiver":"ops"}', '{"key":"‹app:›","doc_count":‹n:1-9999›}', '{"fields":{"passwordResets":‹n:0-99›},"@timestamp":"‹ts:›Z"}', '{"secretCount":‹n:1-99›,"tokenCount":‹n:1-99›,"keyCount":‹n:0-9›}',
    ],
    "alerts": [
        "[FIRING:‹n:1-9›] KubePodCrashLooping ‹ns:› (‹app:› ‹pod:› critical)", "summary: Secret ‹app:›-tls expires in ‹n:1-29› days", "description: Token refresh of ‹app:› has failed for ‹n:1-59› minutes", "runbook_url: https://runbooks.example.com/auth/token-expiry", "generatorURL: http://prometheus:9090/graph?g0.expr=up%7Bjob%3D%22‹app:›%22%7D&g0.tab=1", "fingerprint: ‹hex:16›", "silenceURL: http://am/#/silences/new?filter=%7Balertname%3D%22‹app:›%22%7D", "externalKey: ‹hex:64›", "dedup_key: ‹hex:32›", "alert_id: ‹uuid:›", "groupKey: {}/{severity=\"critical\"}:{alertname=\"‹app:›\"}",
    ],
    "cron": [
        "*/‹n:1-59› * * * * /usr/bin/rotate-token --dry-run", "0 ‹n:0-23› * * ‹n:0-6› root /opt/backup.sh --password-file /etc/backup.pass", "schedule: \"‹n:0-59› ‹n:0-23› * * *\"", "Nov 22 ‹time:› host CRON[‹n:100-9999›]: (root) CMD (/usr/local/bin/renew-secrets)", "CronJob ‹ns:›/secret-sync: last run ‹ts:›Z", "@daily /usr/bin/find /tmp -name 'token*' -delete", "15 3 * * * certbot renew --quiet --key-type ecdsa",
    ],
    "flags without secrets": [
        "--token-file=/var/run/token --port=‹n:80-9999›", "--password-from-stdin", "--secret-name=‹app:›-db --namespace=‹ns:›", "--tls-private-key-file=/etc/tls/tls.key", "--authentication-token-webhook-cache-ttl=‹n:1-9›m", "--key=app --value=‹app:›", "-p ‹n:80-9999›:80 -v /data:/data", "curl -u app: http://‹app:›/", "--sort-key=created --limit ‹n:1-99›", "redis-cli -h ‹app:› -p 6379 ping", "ssh -p ‹n:22-9999› ops@‹ip:›", "--service-account-key-file=/etc/k8s/sa.pub", "--token=$(cat /run/token)", "--password=$DB_PASSWORD", "mysql -u root -p", "mkdir -p /var/lib/‹app:›", "--docker-password=***", "psql -U app -h ‹ip:› -W", "ps -a -u app",
        "cp -a /etc/‹app:› /backup", "docker run -p ‹n:8000-8999›:80 nginx", "--credential-helper store", "--max-tokens ‹n:100-9000›", "--client-key=/home/ops/.kube/client.key",
    ],
    "environment without secrets": [
        "DB_PASSWORD_FILE=/run/secrets/db", "TOKEN_TTL=‹n:60-9999›", "SECRET_NAME=‹app:›-db", "AUTH_ENABLED=true", "KEY_PREFIX=‹app:›:", "API_KEY_HEADER=X-Api-Key", "PASSWORD_MIN_LENGTH=‹n:8-20›", "VAULT_ADDR=https://vault.‹ns:›:8200", "AWS_REGION=eu-west-‹n:1-3›", "TOKEN_URL=https://auth.example.com/oauth/token", "KUBERNETES_SERVICE_HOST=‹ip:›", "DB_PASSWORD=", "REDIS_PASSWORD=\"\"", "API_TOKEN=${API_TOKEN}", "COOKIE_DOMAIN=.example.com", "SESSION_TIMEOUT=‹n:10-99›m", "JWT_ALGORITHM=RS256", "PWD=/srv/‹app:›", "SSH_AUTH_SOCK=/tmp/ssh-‹b62:10›/agent.‹n:1-9999›", "GIT_AUTHOR_NAME=ops", "PUBLIC_KEY_PATH=/etc/keys/‹app:›.pub",
        "XAUTHORITY=/home/ops/.Xauthority", "SECRET_ROTATION_DAYS=‹n:1-90›", "HASH_KEY_TYPE=user_id", "SORT_KEY=created_at", "PRIMARY_KEY=id", "TOKENIZERS_PARALLELISM=false",
    ],
    "terraform": [
        "  # aws_secretsmanager_secret.‹app:› will be created", "      + arn = (known after apply)", "      ~ password = (sensitive value)", "Plan: ‹n:0-9› to add, ‹n:0-9› to change, ‹n:0-9› to destroy.", "      + kms_key_id = \"arn:aws:kms:eu-west-1:‹dig:12›:key/‹uuid:›\"", "random_password.‹app:›: Creation complete after 0s [id=none]", "      ~ etag = \"‹hex:32›\" -> \"‹hex:32›\"", "data.vault_generic_secret.‹app:›: Reading...", "  token = var.api_token", "  password = random_password.db.result", "      + secret_id = (known after apply)", "  partition_key = \"user_id\"", "      ~ key_name = \"ops-‹app:›\"",
    ],
    "ci": [
        "Masking secrets: ‹n:1-20› values", "env:\n  NPM_TOKEN: ${{ secrets.NPM_TOKEN }}", "  NODE_AUTH_TOKEN: ***", "##[group]Run actions/checkout@‹hex:40›", "uses: docker/login-action@‹hex:40› # v3", "          password: ${{ secrets.GITHUB_TOKEN }}", "Cache restored from key: ‹app:›-linux-‹hex:64›", "key: ${{ runner.os }}-pip-${{ hashFiles('**/requirements.txt') }}", "Job ‹n:1000-99999› succeeded", "Restored cache with key pip-‹hex:40›", "$ docker login -u ci -p $CI_JOB_TOKEN r.example.com", "secret detection: 0 findings in ‹n:1-999› files", "Runner version ‹n:10-18›.‹n:0-9› (‹hex:8›)", "restore-keys: ‹app:›-linux-",
    ],
    "package managers": [
        "\"resolved\": \"https://packages.example.org/jsonwebtoken/-/jsonwebtoken-‹n:1-9›.‹n:0-9›.‹n:0-9›.tgz\"", "\"integrity\": \"sha512-‹b64:86›==\",", "Collecting token-bucket==‹n:0-3›.‹n:0-9›.‹n:0-9›", "github.com/acme/secrets v0.‹n:0-9›.‹n:0-9›/go.mod h1:‹b64:43›=", "added ‹n:1-999› packages in ‹n:1-59›s", "  Downloading keyring-‹n:20-25›.‹n:0-9›.0-py3-none-any.whl (‹n:10-90› kB)", "crate password-hash v0.‹n:1-9›.‹n:0-9›", "checksum = \"‹hex:64›\"", "Requirement already satisfied: passlib in /usr/lib",
    ],
    "systemd and syslog": [
        "Nov 22 ‹time:› node-‹n:1-9› sshd[‹n:100-9999›]: Failed password for invalid user admin from ‹ip:› port ‹n:1024-60000› ssh2", "Nov 22 ‹time:› node-1 sshd[‹n:100-9999›]: Accepted publickey for ops from ‹ip:› port ‹n:1024-60000› ssh2: ED25519 SHA256:‹b62:43›", "Nov 22 ‹time:› host systemd[1]: Started ‹app:›.service.", "Nov 22 ‹time:› host sudo: pam_unix(sudo:auth): authentication failure; logname=ops uid=‹n:0-2000›", "systemd-ask-password-wall.service: Deactivated", "Nov 22 ‹time:› host login: PAM: Authentication token manipulation error", "audit: type=1100 msg=audit(‹n:1780000000-1790000000›.1:‹n:1-999›): pid=‹n:1-999› uid=0 op=PAM:authentication grantors=pam_unix acct=\"ops\"",
        "Nov 22 ‹time:› host passwd[‹n:1-999›]: pam_unix(passwd:chauthtok): password changed for ops",
    ],
    "http dumps": [
        "< HTTP/2 ‹n:200-504›", "< content-type: application/json", "< www-authenticate: Bearer realm=\"‹app:›\", error=\"invalid_token\"", "< access-control-allow-headers: authorization, x-api-key", "< strict-transport-security: max-age=31536000", "< x-ratelimit-remaining-tokens: ‹n:1-99999›", "< cache-control: private, key=‹app:›", "< vary: Cookie, Authorization", "* ALPN: server accepted h2", "* Server auth using Basic with user 'app'", "< x-cache-key: /‹app:›/‹n:1-999›", "> authorization: <redacted>", "< content-security-policy: script-src 'nonce-‹b64:22›=='", "< etag: \"‹hex:40›\"", "< x-served-by: cache-fra-‹low:8›-FRA",
    ],
    "istio and envoy": [
        "[‹ts:›Z] \"GET /‹app:› HTTP/1.1\" ‹n:200-504› - via_upstream - \"-\" 0 ‹n:1-999› ‹n:1-99› ‹n:1-99› \"‹ip:›\" \"curl/8\" \"‹uuid:›\" \"‹app:›:80\" \"‹ip:›:80\"", "warning envoy config: gRPC config for type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret rejected", "info sds: SDS secret default updated", "Jwt verification fails", "Jwks doesn't have key to match kid or alg from Jwt", "outbound|80||‹app:›.‹ns:›.svc.cluster.local", "x-envoy-peer-metadata-id: sidecar~‹ip:›~‹pod:›.‹ns:›~‹ns:›.svc.cluster.local", "secret \"default\" ACTIVE true ‹n:1000000-9999999› ‹ts:›Z",
    ],
    "numbers and units": [
        "memory: ‹n:1-9›Gi used, ‹n:1-999›Mi free", "‹n:1-99›.‹n:0-9›% of ‹n:1-900› requests failed", "p99=‹n:1-9000›ms p50=‹n:1-900›ms n=‹n:1-99999›", "offset ‹n:1-9999999999› lag ‹n:1-99999›", "epoch ‹n:1780000000-1790000000›", "0x‹hex:16›", "keys=‹n:1-9999› evicted=‹n:0-99›", "‹n:1-999› rows in set (0.‹n:10-99› sec)", "id=‹dig:18›", "score=‹n:0-1›.‹dig:16›", "phone +49 30 ‹dig:7›", "order ‹dig:12› paid", "2001:db8:‹hex:4›:‹hex:4›::‹hex:4›", "mac ‹hex:2›:‹hex:2›:‹hex:2›:‹hex:2›:‹hex:2›:‹hex:2›",
    ],
    "configuration without secrets": [
        "session:\n  timeout: ‹n:10-99›m", "  token_endpoint: https://auth.example.com/token", "passwordPolicy: {minLength: ‹n:8-20›}", "key: app.kubernetes.io/name", "  operator: Exists\n  key: node-role.kubernetes.io/master", "topologyKey: kubernetes.io/hostname", "tokenLifetime: ‹n:1-24›h", "auth: none", "  authentication: {type: basic}", "secret_backend: vault", "keyspace: ‹app:›", "sort_key: created_at", "partition_key: user_id", "password_encryption = scram-sha-256", "passwordHashAlgorithm: argon2id", "tokenType: Bearer", "auth_mode: oidc", "key_file = \"/etc/‹app:›/server.key\"", "hash_key: user.id", "secrets_path: secret/data/‹app:›", "  passwordKey: password", "foreign_key: user_id", "cookieName: session", "signatureVersion: v4", "api_key_header: X-Api-Key",
        "keyboard: us", "authors: [‹app:› team]", "monkey: banana", "compass: north", "passenger_max_pool_size: ‹n:1-20›", "keepalive: ‹n:1-99›", "key_type: ‹pick:rsa|ecdsa|ed25519›", "secretStoreRef: {name: ‹app:›, kind: ClusterSecretStore}", "credentialsFile: /etc/‹app:›/creds.json",
    ],
    "placeholders": [
        "password: <redacted>", "token: ********", "api_key=REDACTED", "secret: ${SECRET}", "password=%s user=%s", "token: <your-token>", "DB_PASSWORD=$(DB_PASS)", "Authorization: Bearer <token>", "password: changeme?", "apiKey: {{ api_key }}", "token: null", "password: ''", "secret: \"\"", "password: [redacted:password]", "token=[redacted:token] port=‹n:80-9999›", "api-key: n/a", "password = (sensitive)", "key: ...", "curl -H 'Authorization: Bearer $TOKEN' http://‹app:›", "token: none", "--password '<password>'", "Authorization: Bearer ${TOKEN}", "https://user:***@‹app:›.example.com/", "postgres://app:$DB_PASSWORD@db/‹app:›", "postgres://‹app:›:<password>@db:5432/x",
    ],
    "source code": [
        "def get_token(self, user: str) -> str:", "if password is None:", "func (s *Server) Token(ctx context.Context, req *TokenRequest) (*TokenResponse, error) {", "const token = await getToken();", "import secrets", "from app.auth import token_required", "for key, value in items.items():", "return hmac.compare_digest(token, expected)", "assert response.json()['token']", "password = getpass.getpass()", "let key = keys.next()?;", "public String getPassword() { return password; }", "@app.post('/token')", "self.token = token", "api_key=config.api_key,", "token := r.Header.Get(\"Authorization\")", "SECRET_KEY = env('SECRET_KEY')", "private final PasswordEncoder passwordEncoder;", "props.getProperty(\"db.password\")", "key = f\"{prefix}:{user_id}\"",
        "log.Printf(\"token %s is invalid\", id)", "ALTER TABLE users ADD COLUMN password_hash text NOT NULL;", "CREATE INDEX idx_‹app:›_token ON sessions (token);",
    ],
    "urls without secrets": [
        "https://console.cloud.google.com/security/secret-manager/secret/‹app:›", "https://github.com/acme/‹app:›/commit/‹hex:40›", "http://‹ip:›:‹n:80-9999›/auth/login?next=/‹app:›", "https://grafana.example.com/d/‹b62:9›/‹app:›?orgId=1&from=now-1h&to=now", "https://docs.example.com/token-rotation#step-‹n:1-9›", "git@github.com:acme/‹app:›.git", "s3://acme-‹app:›/backups/2026-11-22/", "ssh://git@git.example.com:‹n:22-9999›/acme/‹app:›.git", "https://example.com/search?key=name&sort=asc", "http://‹app:›:8080/keys/‹n:1-99›", "proxied http://cache:6379/items/someone@example.com", "https://example.com/list?page_token=‹n:1-99›", "redis://‹app:›:6379/0", "postgres://app@db:5432/‹app:›", "amqp://mq.‹ns:›:5672/", "https://jira.example.com/browse/OPS-‹n:1-9999›", "https://example.com/?code=‹n:200-504›", "wss://‹app:›.example.com/stream?session=new",
    ],
    "yaml of objects": [
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ‹app:›\ndata:\n  port: \"‹n:80-9999›\"", "kind: SecretProviderClass", "kind: ExternalSecret", "kind: SealedSecret", "kind: TokenReview", "  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: ‹app:›\n        key: password", "- name: TOKEN_TTL\n  value: \"‹n:60-9999›\"", "- name: AUTH_URL\n  value: https://auth.‹ns:›.svc", "- name: LOG_LEVEL\n  value: ‹pick:info|debug|warn›",
        "volumes:\n- name: secrets\n  secret:\n    secretName: ‹app:›", "tolerations:\n- key: dedicated\n  value: ‹app:›", "matchExpressions:\n- key: tier\n  operator: In", "items:\n- key: tls.crt\n  path: cert.pem", "- name: SECRET_NAME\n  value: ‹app:›-db", "- name: KAFKA_TOPIC\n  value: ‹app:›-tokens", "kind: Secret\nmetadata:\n  name: ‹app:›\ntype: Opaque", "  - name: PASSWORD_FILE\n    value: /run/secrets/‹app:›",
    ],
    "benchmarks and tests": [
        "test_token_refresh PASSED [ ‹n:1-99›%]", "FAILED tests/auth/test_password.py::test_reset - AssertionError", "ok  \tgithub.com/acme/auth/token\t0.‹n:100-999›s", "--- FAIL: TestSecretRotation (0.‹n:10-99›s)", "✓ refreshes the token (‹n:1-99› ms)", "Tests: ‹n:1-99› passed, ‹n:1-99› total", "BenchmarkTokenParse-8   ‹n:1000-99999›   ‹n:1000-99999› ns/op", "coverage: ‹n:50-99›.‹n:0-9›% of statements in auth/secret.go",
    ],
    "chat and tickets": [
        "@oncall the token service of ‹app:› is down again", "OPS-‹n:100-9999›: rotate database password before ‹n:1-28› Dec", "who changed the secret ‹app:›-db at ‹time:›?", "I restarted ‹app:› but the password prompt still fails", "resolved: API key quota raised from ‹n:1-99› to ‹n:100-999›", "root cause: expired token of the ‹app:› job", "the key point: ‹app:› must not retry", "secrets are mounted at /var/run/secrets/‹app:›", "our auth is slow since ‹time:›", "passing the baton to the ‹app:› team",
    ],
    "other logs": [
        "rabbit@mq-‹n:0-2›: Error on AMQP connection: user 'app' - invalid credentials", "elasticsearch: Authentication of [elastic] was terminated by realm [reserved] - failed to authenticate user", "mongo: {\"t\":{\"$date\":\"‹ts:›Z\"},\"s\":\"I\",\"c\":\"ACCESS\",\"id\":‹n:20000-29999›,\"msg\":\"Authentication failed\",\"attr\":{\"mechanism\":\"SCRAM-SHA-256\",\"principalName\":\"app\"}}", "haproxy[‹n:1-99›]: ‹ip:›:‹n:1024-60000› [22/Nov/2026:‹time:›.1] front ‹app:›/s1 0/0/1/‹n:1-99›/‹n:1-99› 200 ‹n:1-9999› - - ---- 1/1/0/0/0 0/0", "coredns: [INFO] ‹ip:›:‹n:1024-60000› - ‹n:1-65535› \"A IN ‹app:›.‹ns:›.svc.cluster.local. udp 54 false 512\" NOERROR qr,aa,rd 106 0.0001s", "argocd: time=\"‹ts:›Z\" level=info msg=\"invalid session: token signature is invalid\"", "external-secrets: {\"level\":\"error\",\"msg\":\"could not get secret data from provider\",\"secretStore\":\"‹app:›\"}", "cert-manager: \"msg\"=\"re-queuing item due to error\" \"key\"=\"‹ns:›/‹app:›-tls\"", "keycloak: type=LOGIN_ERROR, realmId=‹uuid:›, clientId=‹app:›, error=invalid_user_credentials", "velero: backup ‹app:›-20261122 completed, ‹n:1-999› items, key ‹app:›/backup.tgz", "grafana: logger=context userId=‹n:0-99› orgId=1 uname= t=‹ts:›Z level=info msg=\"Request Completed\" method=GET path=/api/live/ws status=401", "dns: dnskey: key tag ‹n:1-65535›, algorithm 13",
    ],
    "tables of tools": [
        "| name | secret | age |", "| ‹app:› | ‹app:›-db | ‹n:1-90›d |", "KEY       VALUE", "NAME            TYPE     DATA   AGE", "‹app:›-token   Active   ‹n:1-90›d", "token_type          bearer", "key id   ‹uuid:›   enabled", "Password last changed   : Nov ‹n:1-28›, 2026", "Access Key Age   ‹n:1-400› days", "policy      [default]", "‹app:›    ‹hex:12›    r.example.com/‹app:›:latest    ‹n:1-9› days ago", "session_id   user   started\n‹n:1-999›   app   ‹time:›", "key_name   ops-‹app:›", "secret_name: ‹app:›-‹n:1-9›",
    ],
    "cloud answers": [
        '{"AccessKeyMetadata":[{"UserName":"‹app:›","Status":"Active","CreateDate":"‹ts:›Z"}]}', '{"Name":"‹app:›-db","ARN":"arn:aws:secretsmanager:eu-west-1:‹dig:12›:secret:‹app:›-db-‹b62:6›","VersionIdsToStages":{"‹uuid:›":["AWSCURRENT"]}}', '"KeyId": "‹uuid:›", "KeyState": "Enabled"', '"tenantId": "‹uuid:›"', '"NextToken": null', '"instanceId":"i-0‹hex:16›","imageId":"ami-0‹hex:16›"', "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in the request is expired", "An error occurred (AccessDenied): not authorized to perform: secretsmanager:GetSecretValue", "ERROR: (gcloud.auth) There was a problem refreshing your current auth tokens: invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity. Trace ID: ‹uuid:›", '"passwordCredentials": []', '"keyFingerprint": "‹hex:2›:‹hex:2›:‹hex:2›:‹hex:2›"', '"nextPageToken": ""', '"objectId": "‹uuid:›"', '"MasterUserSecret": {"SecretStatus": "active"}',
    ],
    "compressed and encoded text": [
        "H4sIAAAAAAAA‹b64:80›", "data:image/png;base64,iVBORw0KGgo‹b64:100›", "YXBpVmVyc2lvbjogdjEK", "‹b64text:ordinary configuration of the service›", "message: ‹b64text:this is a note of the team›", "%7B%22name%22%3A%22‹app:›%22%7D", "\\u0074\\u006f\\u006b\\u0065\\u006e: ‹n:1-9›", "body=‹b64text:hello from the queue›", "iVBORw0KGgoAAAANSUhEUg‹b64:60›",
    ],
    "people and places": [
        "owner: team-‹app:› (on call: alex)", "contact: ops@‹app:›.example.com", "author: Kim Secretan <kim@example.com>", "approved by tokenova at ‹time:›", "Keystone, Passau, Authie", "secretary of the board: A. Keyes", "from: password-reset@‹app:›.example.com", "region: eu-west-‹n:1-3›, zone b", "Mr. Pass and Mrs. Key signed at ‹time:›", "cc: credit@‹app:›.example.com",
    ],
    "admission and policy": [
        "admission webhook \"validate.‹app:›.io\" denied the request: secret ‹app:›-db is immutable", "violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false", "exceeded quota: ‹app:›, requested: secrets=1, used: secrets=‹n:1-99›, limited: secrets=‹n:1-99›", "Secret \"‹app:›\" is invalid: data: Forbidden: field is immutable when `immutable` is set", "error: You must be logged in to the server (Unauthorized)", "the server has asked for the client to provide credentials", "Error from server (NotFound): secrets \"‹app:›-tls\" not found", "Secret \"‹app:›\" is invalid: data[tls.key]: Required value", "keyless verification failed for r/‹app:›@sha256:‹hex:64›",
    ],
    "serialised keys in caches": [
        "cache miss key=‹app:›:user:‹n:1-99999›", "SETEX session:count ‹n:1-999› ‹n:1-9›", "GET rate:token:‹ip:›", "HGETALL ‹app:›:‹uuid:›", "key=\"/registry/pods/‹ns:›/‹pod:›\" size=‹n:1-9999›", "s3 key: backups/‹app:›/2026-11-22/dump.sql.gz", "shard key {\"user_id\": \"hashed\"}", "Key=\"logs/‹app:›/‹uuid:›.json.gz\"", "lock key ‹app:›-leader held by ‹pod:›", "key: ‹app:›/config/‹n:1-99›", "primary key (‹n:1-99999›) exists", "routing_key=‹app:›.created exchange=events", "object_key=‹app:›/‹hex:32›.bin", "dedupKey=‹hex:32› hits=‹n:1-9›",
    ],
    "leader election and leases": [
        "successfully acquired lease ‹ns:›/‹app:›", "holderIdentity: ‹pod:›_‹uuid:›", "leaderelection lost", "renewTime: \"‹ts:›.000000Z\"", "lease_id=‹n:1000000000-9999999999›", "fencing token ‹n:1-999› of ‹app:› accepted",
    ],
    "windows and dotnet": [
        "info: Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager[0] User profile is available. Using '/root/.aspnet/DataProtection-Keys' as key repository", "warn: No XML encryptor configured. Key {‹uuid:›} may be persisted to storage in unencrypted form.", "Login failed for user 'app'. Reason: Password did not match that for the login provided. [CLIENT: ‹ip:›]", "System.Security.Authentication.AuthenticationException: The remote certificate is invalid", "PublicKeyToken=‹hex:16›, Version=‹n:1-9›.0.0.0, Culture=neutral", "S-1-5-21-‹dig:10›-‹dig:10›-‹dig:9›-‹n:500-2000›", "MachineKeySet=True KeySize=‹pick:2048|4096›",
    ],
}  # fmt: skip
