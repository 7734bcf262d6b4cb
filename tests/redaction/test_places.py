"""One line of each way in which a value stands near its name, with four kinds of values; and lines like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentops.redaction.redactor import SecretRedactor

# Made of parts, so that scanners of this repository find nothing.
VALUES = (
    "Sum" + "mer2026!x",
    "q7R2" + "vX9mT4kLw8ZpB3nY6",
    "9f86d081" + "884c7d659a2feaa0c55ad015",
    "hunt" + "er2-Blue42",
)
PLACES = (
    "Password for user admin: {}",
    "password [{}]",
    "pw={}",
    "user=admin pass={}",
    "usr:admin,pwd:{}",
    "export GH_TOKEN=\"{}\"",
    "set -x; TOKEN={} ./run.sh",
    "api key: {}",
    "apikey {} expired",
    "Bearer token: {}",
    "authorization=Bearer {}",
    "x-auth-token: {}",
    "X-Vault-Token: {}",
    "-H \"Authorization: token {}\"",
    "curl -XPOST -u elastic:{} localhost:9200",
    "wget --password={} http://x",
    "PGPASSWORD={} psql",
    "mysql -uroot -p{} db",
    "sshpass -p '{}' ssh x",
    "jdbc:mysql://db/x?user=a&password={}",
    "mongodb+srv://app:{}@c0.mongodb.net/x",
    "amqp://guest:{}@rabbit",
    "redis://:{}@cache:6379",
    "Server=x;Database=y;User Id=sa;Password={};",
    "AccountKey={};EndpointSuffix=x",
    "{{'password': '{}'}}",
    "{{\"auth\": {{\"token\": \"{}\"}}}}",
    "password: !!str {}",
    "password: &pw {}",
    "password: >-\n  {}",
    "passwords:\n  - {}",
    "tokens: [{}]",
    "client_secret: {}",
    "clientSecret={}",
    "<password>{}</password>",
    "<Password>\n  {}\n</Password>",
    "System.setProperty(\"db.password\", \"{}\")",
    "props.put('password', '{}')",
    "os.environ['TOKEN'] = '{}'",
    "const apiKey = `{}`;",
    "password = \"{}\" # prod",
    "$password = '{}';",
    "DB_PASSWORD => {}",
    "config.secret_key_base = '{}'",
    "IDENTIFIED BY '{}'",
    "ALTER ROLE x WITH PASSWORD '{}'",
    "CREATE USER x WITH ENCRYPTED PASSWORD '{}'",
    "GRANT ALL ON *.* TO 'x'@'%' IDENTIFIED BY PASSWORD '{}'",
    "machine x login y password {}",
    "requirepass {}",
    "masterauth {}",
    "ldap_bind_pw: {}",
    "smtp_pass {}",
    "env:\n- name: SECRET_KEY\n  value: {}",
    "- value: {}\n  name: SECRET_KEY",
    "{{\"name\":\"X_TOKEN\",\"value\":\"{}\"}}",
    "{{\"value\":\"{}\",\"name\":\"X_TOKEN\"}}",
    "    DB_PASSWORD:   {}",
    "      --redis-password={}",
    "  Args:\n    --token\n    {}",
    "Environment: FOO=1,API_KEY={},BAR=2",
    "Cookie: sessionid={}; csrftoken=x",
    "Set-Cookie: JSESSIONID={}; Path=/",
    "https://x.com/reset?token={}",
    "https://oauth2:{}@gitlab.com/a",
    "https://storage/x?sv=2020&sig={}%3D",
    "wss://x/socket?access_token={}",
    "openssl enc -k {}",
    "ansible_become_pass: {}",
    "vault_password={}",
    "spring.redis.password={}",
    "quarkus.datasource.password={}",
    "password\t{}",
    "password ........ {}",
    "Admin password    : {}",
    "ROOT PASSWORD: {}",
    "temp password: {}",
    "signing-key: {}",
    "token: {}",
    "token={}",
    "api_token: '{}'",
    "Token {}",
    "kubectl create secret generic x --from-literal=password={}",
    "helm install x --set auth.password={}",
    "helm upgrade --set postgresql.auth.password={},x=1",
    "kubectl config set-credentials x --token={}",
    "kubectl create secret docker-registry r --docker-password={}",
    "data: {{password: {}}}",
    "msg=\"login ok\" password=\"{}\"",
    "{{\"log\":\"password={}\\n\"}}",
    "password=%27{}%27",
    "secret: {}",
    "API_KEY: {}",
    "basic auth admin:{}",
    "ENV API_KEY={}",
    "ARG NPM_TOKEN={}",
    "set DB_PASSWORD={}",
    "$env:DB_PASSWORD = \"{}\"",
    "setx TOKEN {}",
    "kafka.sasl.jaas.config=... username=\"u\" password=\"{}\";",
    "sasl.jaas.config: org.x required username=u password={};",
    "psk={}",
    "wifi: ssid=x psk=\"{}\"",
    "ftp://bob:{}@ftp.x",
    "smb://x;bob:{}@s",
    "http.proxy=http://u:{}@proxy:3128",
    "git clone https://x-token-auth:{}@bitbucket.org/x",
    "Authorization: AWS4-HMAC-SHA256 Credential=x, Signature={}",
    "Proxy-Authorization: Basic {}",
    "WWW password changed from {} to x",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_the_value_is_hidden_whole(place: str) -> None:
    """In each place each kind of value is gone: a person's password, a generated one, hexadecimal digits."""
    texts = {value: SecretRedactor().text(place.format(value)) for value in VALUES}
    assert [text for value, text in texts.items() if value[:8] in text or value[-8:] in text] == []


ORDINARY = (Path(__file__).parent / "ordinary_lines.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_stays(line: str) -> None:
    """What programs, clusters and code say about secrets without saying one."""
    assert SecretRedactor().text(line) == line
