"""Credentials as programs' own files, commands and source code write them: wrapped, joined, quoted, or a plain word.

One entry a kind: its texts, at most twelve. ``«spec»`` is the secret, ``‹spec›`` what stands around it (``making``).
"""

# ruff: noqa: E501 - one text a template, whatever its length
from __future__ import annotations

SYSTEMS: dict[str, list[str]] = {
    "joined-in-code": [
        'password = "«b62:14»" + "«b62:12»"', "const apiKey = '«low:16»' +\n  '«low:16»';", 'String token = "«b62:20»"\n    + "«b62:20»";',
        'api_key = ("«b62:18»"\n           "«b62:18»")', "SECRET_KEY = '«b62:16»' \\\n    '«b62:16»'", "$password = '«b62:12»' . '«b62:10»';",
        'private const string ApiSecret = "«alpha:12»" + "«alpha:12»";', 'token := "«b62:16»" +\n\t"«b62:16»"', 'let secret = concat!("«b62:16»", "«b62:16»");',
        'db_password := fmt.Sprint("«b62:12»", "«b62:12»")', 'char *passwd = "«b62:10»" "«b62:10»";', 'auth_token = "".join(["«b62:12»", "«b62:12»", "«b62:12»"])',
    ],
    "continued-lines": [
        "export API_TOKEN=«b62:20»\\\n«b62:20»", "API_TOKEN=«low:20»\\\n  «low:20»\nPORT=80", "db.password=«b62:12»\\\n    «b62:12»", 'ENV API_KEY="«b62:16»\\\n«b62:16»"',
        "client_secret: \"«b62:20»\\\n  «b62:20»\"", "curl -H 'X-Api-Key: «b62:20»\\\n«b62:12»' http://x", "ssl.keystore.password = «b62:10»\\\n        «b62:10»", "--token \\\n  «b62:32» \\\n  --port 80",
        "mysql -u root \\\n  --password=«chosen:» \\\n  shop",
    ],
    "folded-yaml": [
        "api_token: >-\n  «b62:24»\n  «b62:24»\nport: 80", "password: >\n  «word:»\nuser: app", "client_secret: >\n    «b62:20»\n    «alpha:12»\n", "token: «b62:20»\n  «b62:20»\nport: 80", "signing_key: \"«b62:20»\n  «b62:20»\"\nport: 80",
        "secret_key: '«b62:18»\n  «b62:18»'", "- api_key: |-\n    «low:32»\n  name: x", "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  «dig:64»\n  «dig:64»",
    ],
    "letters-over-lines": [
        "api_token: «lower:24»\n    «lower:24»\nready", "token=«lower:20»\\\n«lower:20»", "API_KEY=«alpha:20»\\\n  «alpha:20»", 'secret_key = "«lower:18»" \\\n    "«lower:18»"', "password: >-\n  «lower:16»\n  «lower:16»", "client_secret: \"«lower:20»\\\n  «lower:20»\"",
        "auth_token = '«lower:16»' +\n  '«lower:16»'", "access_key: «alpha:20»\n  «alpha:20»\nport: 1",
    ],
    "putty-key": [
        "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: rsa-key-20260101\nPublic-Lines: 2\n‹b64:64›\n‹b64:40›\nPrivate-Lines: 3\n«b64:64»\n«b64:64»\n«b64:40»\nPrivate-MAC: ‹hex:40›",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: ed25519-key\nPublic-Lines: 2\n‹b64:64›\n‹b64:32›\nKey-Derivation: Argon2id\nArgon2-Memory: 8192\nArgon2-Passes: 13\nArgon2-Parallelism: 1\nArgon2-Salt: «hex:32»\nPrivate-Lines: 1\n«b64:48»\nPrivate-MAC: ‹hex:64›\n",
        "  id.ppk: |\n    PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\n    Encryption: none\n    Comment: a\n    Public-Lines: 1\n    ‹b64:64›\n    Private-Lines: 1\n    «b64:44»\n", "Private-Lines: 2\n«b64:64»\n«b64:44»\nPrivate-MAC: ‹hex:40›",
        "PuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: none\r\nComment: imported-openssh-key\r\nPublic-Lines: 1\r\n‹b64:60›\r\nPrivate-Lines: 2\r\n«b64:64»\r\n«b64:28»\r\nPrivate-MAC: ‹hex:40›",
        '{"key":"PuTTY-User-Key-File-2: ssh-rsa\\nEncryption: none\\nComment: a\\nPublic-Lines: 1\\n‹b64:60›\\nPrivate-Lines: 2\\n«b64:64»\\n«b64:44»\\nPrivate-MAC: ‹hex:40›\\n"}',
    ],
    "t-sql": [
        "CREATE LOGIN app WITH PASSWORD = N'«b62:14»';", "ALTER LOGIN [sa] WITH PASSWORD=N'«chosen:»', CHECK_POLICY=OFF", "EXEC sp_addlogin @loginame = N'app', @passwd = N'«b62:12»';", "DECLARE @password NVARCHAR(50) = N'«b62:16»';", "SET @pwd = N'«chosen:»'",
        "CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = 'SHARED ACCESS SIGNATURE', SECRET = N'«b62:40»';", "CREATE MASTER KEY ENCRYPTION BY PASSWORD = N'«sign:14»';", "OPEN SYMMETRIC KEY k DECRYPTION BY PASSWORD = '«b62:14»';", "exec sp_addlinkedsrvlogin N'DB2', 'false', NULL, N'sa', @rmtpassword=N'«chosen:»'",
        "CREATE USER app WITH PASSWORD=N'«word:»'", "ALTER LOGIN app WITH PASSWORD = N'«word:»' OLD_PASSWORD = N'«chosen:»'", "BACKUP MASTER KEY TO FILE = 'c:\\k' ENCRYPTION BY PASSWORD = N'«chosen:»'",
    ],
    "sql-other": [
        "CREATE ROLE app LOGIN PASSWORD E'«b62:14»'", "ALTER USER app SET PASSWORD '«word:»';", "ALTER USER app PASSWORD $$«b62:14»$$;", "CREATE USER shop IDENTIFIED BY \"«word:»\"", "IDENTIFIED BY VALUES 'S:«HEX:60»'", "CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED BY '«word:»' REQUIRE SSL",
        "CHANGE MASTER TO MASTER_HOST='db1', MASTER_USER='repl', MASTER_PASSWORD='«word:»'", "CREATE SUBSCRIPTION s CONNECTION 'host=db user=r password=«word:»' PUBLICATION p", "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'r', password '«b62:12»')", "SELECT dblink_connect('dbname=x user=y password=«chosen:»')", "CREATE USER u IDENTIFIED WITH plaintext_password BY '«word:»'", "ALTER SYSTEM SET primary_conninfo = 'host=a password=«b62:12»'",
    ],
    "small-webhooks": [
        "https://notify.example.com/incoming/«b62:24»", "https://chat.example.com/hooks/«low:26»", "url: https://hook.eu1.make.com/«low:32»", "https://hooks.zapier.com/hooks/catch/‹dig:7›/«low:9»/", "https://open.feishu.cn/open-apis/bot/v2/hook/«uuid:»", "webhook_url=https://webhook.acme.io/v1/«b62:32»",
        "POST https://alerts.example.com/api/v2/webhook/«hex:32» 200", "https://rocket.example.com/hooks/‹low:17›/«b62:43»", "https://n8n.example.com/webhook/«uuid:»", "- url: 'https://notifications.example.com/notify/«b62-:30»'", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=«uuid:»", "https://api.example.com/incoming-webhook/«up:24»",
    ],
    "triple-quoted": [
        'password = """«b62:14»"""', 'api_token = """«b62:32»"""', "client_secret = '''«b62:24»'''", 'secret_key = """\n«b62:32»\n"""', 'db_password = """\\\n    «word:»\\\n    """', "token = '''\n«low:32»'''", 'password="""«word:»"""', "passphrase = '''«chosen:»'''",
    ],
    "login-commands": [
        "echo 'root:«b62:12»' | chpasswd", "echo app:«chosen:» | sudo chpasswd", "chpasswd <<< 'root:«word:»'", "echo \"deploy:«chosen:»\" | chpasswd -e", "printf 'ops:%s' «b62:12» | chpasswd", "chpasswd <<EOF\nroot:«chosen:»\napp:«word:»\nEOF",
        "echo «chosen:» | passwd --stdin app", "echo '«word:»' | sudo -S systemctl restart x", "echo «b62:14» | docker login -u ci --password-stdin r.example.com", "useradd -m -p «b62:13» app", "echo -e '«chosen:»\\n«chosen:»' | passwd root", "net user app «chosen:» /add",
    ],
    "transfer-commands": [
        "lftp -u deploy,«b62:12» ftp.example.com", "lftp -u 'deploy,«word:»' -e 'mirror' sftp://x", "lftp -e 'open -u app,«chosen:» ftp.x'", "smbclient //nas/share -U app%«chosen:»", "smbclient -U 'ACME\\app%«word:»' -L nas", "smbclient -L nas --user=app%«b62:12»", "mount -t cifs //nas/x /mnt -o username=app,password=«word:»",
        "rpcclient -U 'app%«chosen:»' dc1", "wget --ftp-password=«word:» ftp://x", "sshpass -p«word:» ssh app@host", "sshpass -p '«word:»' scp a b:", "mount.cifs //a/b /c -o user=x,pass=«chosen:»",
    ],
    "database-commands": [
        "mysql -uroot -p«word:» shop", "mysql -h db -u root -p«chosen:» -e 'SHOW SLAVE STATUS'", "mysqldump --user=root --password=«word:» shop", "PGPASSWORD=«word:» psql -h db", "MYSQL_PWD=«word:» mysql -u root", "mongo admin -u root -p «word:»", "redis-cli -a «word:» ping", "REDISCLI_AUTH=«word:» redis-cli ping",
        "sqlcmd -S db -U sa -P «word:» -Q 'x'", "cqlsh -u cassandra -p «word:» db", "clickhouse-client --user app --password «word:»", "kubectl exec db-0 -- mysql -uroot -p«word:» -e 'SELECT 1'",
    ],
    "more-commands": [
        "ldapsearch -x -D cn=admin -w «word:» -b dc=x", "ipmitool -H bmc -U admin -P «word:» power status", "mosquitto_pub -u app -P «word:» -t x", "snmpwalk -v3 -u mon -A «chosen:» -X «chosen:» host", "influx -username a -password «word:»", "sqlplus system/«word:»@//db:1521/x", "htpasswd -b -c f app «word:»", "rabbitmqctl add_user app «word:»",
        "rabbitmqctl change_password app «chosen:»", "kinit app <<< «chosen:»", "vault login «b62:26»", "unzip -P «word:» a.zip",
    ],
    "more-commands-2": [
        "az login --service-principal -u app -p «chosen:» --tenant x", "cmdkey /add:db /user:app /pass:«chosen:»", "net use Z: \\\\nas\\x /user:app «chosen:»", "psexec \\\\h -u app -p «word:» cmd", "openssl enc -aes-256-cbc -k «word:» -in f", "openssl pkcs12 -export -passout pass:«word:»", "gpg --batch --passphrase «word:» -d f", "7z x -p«word:» a.7z",
        "curl -u app:«word:» http://x", "restic --password-command 'echo «chosen:»' x", "borg init # BORG_PASSPHRASE=«word:»", "aws configure set aws_secret_access_key «b64:40»",
    ],
    "short-names": [
        "mqtt_pass: «word:»", "mqtt_pass=«chosen:»", "wifi_psk=«word:»", "SMTP_PW=«word:»", "ftp_pw: «chosen:»", "admin_pwd: «word:»", "BORG_PASSPHRASE=«word:»", "ssh_passphrase: «chosen:»", "bindpw «chosen:»", "bindpw: «word:»", "root_pw = «word:»", "sa_pass=«word:»",
    ],
    "short-names-2": [
        "zabbix_pass: \"«word:»\"", "\"mqttPass\": \"«word:»\"", "grafana_pw=«chosen:»", "wpa_psk=«word:»", "psk=«chosen:»", "vncpasswd=«word:»", "rootpw --plaintext «word:»", "rootpw «chosen:»", "DBPASS=«word:»", "dbpw: «chosen:»", "keystorePass=\"«word:»\"", "userPw: '«chosen:»'",
    ],
    "words-in-sentences": [
        "the password is «word:»", "the password is «word:».", "Password is: «word:»", "his password was '«word:»'", 'the root password is "«word:»"', "the db password has been set to «word:»", "use password «chosen:» for the replica", "log in as admin with password «word:»", "the passphrase is «word:»", "password for app is «word:»", "pw is «chosen:»", "my pwd is «word:», please rotate it",
    ],
    "plain-word-secrets": [
        "SECRET=«word:»", "CLIENT_SECRET=«word:»", "JWT_SECRET=«word:»", "client_secret: «word:»", "SESSION_SECRET='«word:»'", "API_KEY=«word:»", "cookie_secret = \"«word:»\"", "APP_SECRET=«word:»\nPORT=80", "API_TOKEN=«word:»", "NEXTAUTH_SECRET=«word:»", "export SECRET_KEY=«word:»", "      JWT_SECRET:  «word:»",
    ],
    "one-time-codes": [
        "otp=«dig:6»", "pin: «dig:4»", "PIN=«dig:6»", '{"otp":"«dig:6»"}', '{"pin": «dig:4»}', "POST /login user=a&otp=«dig:6»", "your verification code is «dig:6»", "OTP is «dig:6»", "mfa_code: «dig:6»", "totp_code=«dig:6»", "Your one-time password is «dig:6»", "verification_code=«dig:6»",
    ],
    "windows": [
        '<add name="Db" connectionString="Server=db;User Id=sa;Password=«word:»;" />', '<add key="SmtpPassword" value="«word:»" />', '<identity impersonate="true" userName="A\\b" password="«word:»" />', '<machineKey validationKey="«HEX:64»" decryptionKey="«HEX:48»" />', '<network host="smtp" userName="a" password="«chosen:»" />', "ConvertTo-SecureString '«chosen:»' -AsPlainText -Force",
        "ConvertTo-SecureString -String \"«word:»\" -AsPlainText", "$env:DB_PASSWORD = '«word:»'", "setx API_TOKEN «b62:24»", '<AutoLogon><Password><Value>«chosen:»</Value>', "AdminPassword=«word:»", '<processModel userName="A\\svc" password="«chosen:»" />',
    ],
    "windows-2": [
        '"DefaultPassword"="«word:»"', "DefaultPassword    REG_SZ    «chosen:»", "New-Object PSCredential('app', (ConvertTo-SecureString '«b62:12»' -AsPlainText -Force))", "Data Source=db;Initial Catalog=x;User ID=sa;Password='«chosen:»'", '"ConnectionStrings": {\n  "Main": "Host=db;Username=a;Password=«word:»"\n}', "schtasks /create /ru app /rp «chosen:» /tn x", "sc config svc obj= .\\app password= «chosen:»",
        '"Jwt": {"Key": "«b62:40»"}', '"ApiKey": "«low:32»",', "msbuild /p:Password=«word:»", "set DB_PASSWORD=«word:»", "dotnet user-secrets set \"Db:Password\" \"«chosen:»\"",
    ],
    "ansible-terraform": [
        "ansible_password: «word:»", "ansible_become_pass: «word:»", "db1 ansible_host=10.0.0.1 ansible_ssh_pass=«word:»", "mysql_root_password: \"«word:»\"", "    login_password: «chosen:»", "vault_password: «word:»", 'admin_password = "«chosen:»"', 'password = "«word:»" # rotate', 'variable "db_password" {\n  default = "«chosen:»"\n}', 'TF_VAR_db_password="«word:»"', "+ password = \"«word:»\"", "-var 'db_password=«word:»'",
    ],
    "pipelines": [
        "docker login -u $CI_USER -p «b62:20» r.x", "  DEPLOY_TOKEN: \"«b62:24»\"", "environment { DB_PASS = '«word:»' }", "withEnv(['API_TOKEN=«b62:24»'])", "string(credentialsId: 'x', secret: '«b62:24»')", "  - export NPM_TOKEN=«uuid:»", "variables:\n  POSTGRES_PASSWORD: «word:»", "    env:\n      MYSQL_ROOT_PASSWORD: «word:»", "- run: echo \"::add-mask::«b62:24»\"", "<password>{«b64:43»=}</password>", "sonar.login=«hex:40»", "--build-arg NPM_TOKEN=«b62:36»",
    ],
    "frameworks": [
        "spring.datasource.password=«word:»", "spring.security.user.password: «chosen:»", "'password' => env('DB_PASSWORD', '«chosen:»'),", "secret_key_base: «hex:128»", "SECRET_KEY = 'django-insecure-«low:40»'", "APP_KEY=base64:«b64:43»=", "define( 'AUTH_KEY', '«sign:40»' );", "$cfg['Servers'][$i]['password'] = '«word:»';", "'secret' => '«b62:24»',", "config.secret_key = '«hex:64»'", "$dbpass = \"«word:»\";", "password: <%= ENV.fetch('DB_PASSWORD', '«chosen:»') %>",
    ],
    "machines": [
        "Environment=DB_PASSWORD=«word:»", 'Environment="API_TOKEN=«b62:24»"', "ExecStart=/bin/app --password «word:»", "chpasswd:\n  users:\n  - {name: root, password: «word:», type: text}", "    plain_text_passwd: «word:»", "    passwd: «chosen:»", "d-i passwd/root-password password «chosen:»", "user-password/password: «word:»", "    wpa-psk «word:»", "  psk=\"«word:»\"", "enable secret 5 $1$«b62:4»$«b62:22»", "snmp-server community «chosen:» RO",
    ],
    "cluster": [
        "token: «low:6».«low:16»", "--set global.postgresql.auth.password=«word:»", "--set auth.password=«word:»,auth.username=a", "adminPassword: «word:»", "grafana.adminPassword: \"«word:»\"", "auth:\n  rootPassword: «word:»\n  database: x", "bitnami: postgresqlPassword: «chosen:»", "stringData:\n  password: «word:»\nkind: Secret", "value: «word:»\nname: DB_PASSWORD", "- name: DB_PASSWORD\n  value: «word:»", '{"name":"REDIS_PASS","value":"«word:»"}', "clientSecret: «word:»",
    ],
    "services": [
        "requirepass «word:»", "masterauth «word:»", "default_pass = «word:»", "xpack.security.authc: bootstrap.password: «word:»", "auth_pass «word:»", "    auth_pass «chosen:»", "userlist u\n  user app insecure-password «word:»", "stats auth admin:«word:»", "smtp_auth_password: '«word:»'", "smtp_sasl_password_maps = static:app:«chosen:»", "[mail.example.com]:587 app:«chosen:»", "proxy_set_header X-Api-Key «b62:24»;",
    ],
    "services-2": [
        "olcRootPW: «word:»", "rootpw\t«chosen:»", "ldap_default_authtok = «chosen:»", "bind_dn_password=«word:»", "rabbitmq: {default_user: a, default_pass: «word:»}", "SASL_PASSWORD=«word:»", "sasl.jaas.config=x.ScramLoginModule required username=\"a\" password=\"«word:»\";", "admin_secret = «chosen:»", "radius secret = «chosen:»", "PreSharedKey: «word:»", "shared_secret: «chosen:»", "static-auth-secret=«word:»",
    ],
}  # fmt: skip
