"""Credentials without a form of their own: only the name beside them says what they are. Kind, variable, form."""

from __future__ import annotations

NAMED = """
aws-secret-access-key      AWS_SECRET_ACCESS_KEY        {b64:40}
azure-cosmos-key           COSMOS_ACCOUNT_KEY           {b64:86}==
azure-openai-key           AZURE_OPENAI_API_KEY         {hex:32}
datadog-api                DD_API_KEY                   {hex:32}
datadog-app                DD_APP_KEY                   {hex:40}
twilio-auth                TWILIO_AUTH_TOKEN            {hex:32}
slack-signing              SLACK_SIGNING_SECRET         {hex:32}
cloudflare-token           CLOUDFLARE_API_TOKEN         {b62-:40}
cloudflare-global          CLOUDFLARE_API_KEY           {hex:37}
linode                     LINODE_TOKEN                 {hex:64}
hetzner                    HCLOUD_TOKEN                 {b62:64}
scaleway-secret            SCW_SECRET_KEY               {uuid:}
vultr                      VULTR_API_KEY                {up:36}
vercel                     VERCEL_TOKEN                 {b62:24}
railway                    RAILWAY_TOKEN                {uuid:}
heroku-legacy              HEROKU_API_KEY               {uuid:}
postmark                   POSTMARK_SERVER_TOKEN        {uuid:}
sparkpost                  SPARKPOST_API_KEY            {hex:40}
rollbar                    ROLLBAR_ACCESS_TOKEN         {hex:32}
bugsnag                    BUGSNAG_API_KEY              {hex:32}
splunk-hec                 SPLUNK_HEC_TOKEN             {uuid:}
logzio                     LOGZIO_TOKEN                 {alpha:32}
papertrail                 PAPERTRAIL_API_TOKEN         {b62:20}
pagerduty                  PAGERDUTY_TOKEN              {b62-:20}
opsgenie                   OPSGENIE_API_KEY             {uuid:}
statuspage                 STATUSPAGE_API_KEY           {uuid:}
zendesk                    ZENDESK_API_TOKEN            {b62:40}
algolia                    ALGOLIA_ADMIN_API_KEY        {hex:32}
travis                     TRAVIS_TOKEN                 {b62-:22}
drone                      DRONE_TOKEN                  {b62:32}
jenkins                    JENKINS_API_TOKEN            11{hex:32}
snyk                       SNYK_TOKEN                   {uuid:}
codecov                    CODECOV_TOKEN                {uuid:}
amplitude                  AMPLITUDE_API_KEY            {hex:32}
ngrok                      NGROK_AUTHTOKEN              2{b62:26}_{b62:21}
cohere                     COHERE_API_KEY               {b62:40}
mistral                    MISTRAL_API_KEY              {b62:32}
together                   TOGETHER_API_KEY             {hex:64}
wandb                      WANDB_API_KEY                {hex:40}
auth0                      AUTH0_CLIENT_SECRET          {b62-:64}
twitch                     TWITCH_CLIENT_SECRET         {low:30}
alibaba-secret             ALIBABA_ACCESS_KEY_SECRET    {b62:30}
tencent-secret             TENCENTCLOUD_SECRET_KEY      {b62:32}
ibm-cloud                  IBMCLOUD_API_KEY             {b62-:44}
consul                     CONSUL_HTTP_TOKEN            {uuid:}
nomad                      NOMAD_TOKEN                  {uuid:}
vault-secret-id            VAULT_SECRET_ID              {uuid:}
vault-unseal               VAULT_UNSEAL_KEY             {b64:44}
rabbitmq-cookie            RABBITMQ_ERLANG_COOKIE       {up:20}
wireguard                  WG_PRIVATE_KEY               {b64:43}=
totp-seed                  TOTP_SECRET                  {b32:32}
elastic-password           ELASTIC_PASSWORD             {b62:20}
db-pass-word               DB_PASS                      {chosen:}
db-password                DB_PASSWORD                  {sign:16}
postgres-password          POSTGRES_PASSWORD            {b62:20}
pg-password                PGPASSWORD                   {chosen:}
mysql-root                 MYSQL_ROOT_PASSWORD          {b62:24}
mongo-root                 MONGO_INITDB_ROOT_PASSWORD   {b62:18}
redis-auth                 REDIS_AUTH                   {b62:32}
redis-password             REDIS_PASSWORD               {chosen:}
rabbitmq-pass              RABBITMQ_DEFAULT_PASS        {b62:16}
minio-root                 MINIO_ROOT_PASSWORD          {b62:32}
grafana-admin              GF_SECURITY_ADMIN_PASSWORD   {chosen:}
kafka-sasl                 KAFKA_SASL_PASSWORD          {b64:48}
ldap-bind                  LDAP_BIND_PASSWORD           {sign:14}
smtp-password              SMTP_PASSWORD                {b62:16}
keystore-password          KEYSTORE_PASSWORD            {chosen:}
key-passphrase             SSL_KEY_PASSPHRASE           {sign:20}
admin-passwd               ADMIN_PASSWD                 {chosen:}
db-pwd                     DB_PWD                       {b62:12}
aes-key                    AES_KEY                      {hex:64}
encryption-key             ENCRYPTION_KEY               {b64:43}=
signing-key                SIGNING_KEY                  {hex:64}
hmac-key                   HMAC_KEY                     {hex:40}
master-key                 RAILS_MASTER_KEY             {hex:32}
secret-key-base            SECRET_KEY_BASE              {hex:128}
django-secret              DJANGO_SECRET_KEY            {low:50}
laravel-key                APP_KEY                      base64:{b64:43}=
jwt-secret                 JWT_SECRET                   {b62:48}
session-secret             SESSION_SECRET               {b62:32}
cookie-secret              OAUTH2_PROXY_COOKIE_SECRET   {b62-:32}
webhook-secret             WEBHOOK_SECRET               {hex:40}
client-secret              OAUTH_CLIENT_SECRET          {b62-:40}
refresh-token              REFRESH_TOKEN                {b62-:64}
access-token               ACCESS_TOKEN                 {low:40}
auth-token                 AUTH_TOKEN                   {b62:43}
api-key                    ACME_API_KEY                 {low:32}
api-secret                 ACME_API_SECRET              {b62:44}
private-key-hex            WALLET_PRIVATE_KEY           {hex:64}
password-salt              PASSWORD_SALT                {b62:22}
bind-credential            BIND_CREDENTIALS             {sign:18}
license-token              LICENSE_TOKEN                {up:32}
"""


def named() -> list[tuple[str, str, str]]:
    """Return kind, variable and form of each line."""
    rows = [tuple(line.split(None, 2)) for line in NAMED.strip().splitlines()]
    return [(kind, variable, form) for kind, variable, form in rows]
