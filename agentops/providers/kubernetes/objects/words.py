"""The words that names of variables, keys, Services and labels are made of, each with a meaning of its own.

Data, reviewed by eye. Two different words of this list are never a misspelling of one another, however few letters they
differ in (``HOST`` and ``POST``, ``http`` and ``https``); a word that is one edit away from one of them, and is itself
none, is likely to be a slip.
"""

from __future__ import annotations

_WORDS = """
access account action active add addr address admin after alert allow alpha amqp api app arn async auth author
back backend backup base batch before beta bind black block blue body bool broker bucket build bus byte cache
call canary card cart case cat cdn cert cid claim class clean client close cloud cluster code cold command
common config conn connect consumer container context cookie copy core cost count cpu create credit crl cron crt
csr css csv current cursor data database date day db dc ddl debug default delay delete deny depth desc dest
dev device dex dir disable disk dns docker domain down drain driver dry dst dump east ecr edge edit eks email
enable enabled end endpoint engine env error eu event exec expire export external extra fail false fast fetch
field file filter first flag float flow folder follower form format free from front frontend full gateway get
git global gold gpu grace grant graph graphql green group grpc grpcs guard guest handler hard hash head header
health help high home hook host hostname hot hour html http https iam id idle image imap import in inbound
index info init inner input insert instance int internal interval ip ipv issuer item job join json jwt kafka
keep key keys kind kms label lag last latency ldap ldaps leader left legacy length level limit line link list
listen live loader local lock log login logout logs long low mail main major manager map mask master max mem
memory merge message meta method metric min minor minute mock mode model module mongo month mount mq mtls
mysql name namespace nats net network new next nginx node none north null number oauth object off offset old
on open option order origin out outbound outer output owner pack page parent parse part pass passive password
patch path pay payment peer pem period pin ping plan pod point poll pool pop port post postgres pre prefix
preprod price primary private pro process prod producer production profile prom protocol proxy public publish
pull push put qa query queue quota rate raw read reader ready real realm receiver record red redis region
register registry reject release remote replica repo report request reserve reset resource response rest
result retry return right role root route router row rule run safe sale salt sample sandbox save scale scan
schedule schema scope search secondary secret secure seed select send sender server service session set shard
share shared shop short sid silver sink site size slave slow sms smtp smtps sns soft sort source south space
spec sql sqs src ssd ssh ssl stable stack stage staging standard start state static stats status step stop
storage store stream string sub subnet suffix sum sync system table tag tail target task tcp team tenant test
text theme thread time timeout tls to token tool topic trace track tree trigger true ttl type uat udp uid unit
up update upload upper uri url us use user username value vault version view virtual volume vpc wait warm warn
watch web week west white width window work worker write writer xml yaml year zone zookeeper
"""
MEANINGS = frozenset(_WORDS.split())

TYPES = {
    **dict.fromkeys(("host", "hostname", "server", "address", "addr", "domain"), "host"),
    **dict.fromkeys(("count", "size", "number", "replicas", "max", "min", "retries", "workers"), "number"),
    "port": "port",
    **dict.fromkeys(("url", "uri", "endpoint", "dsn"), "url"),
    **dict.fromkeys(("enabled", "enable", "disabled", "debug", "dry"), "bool"),
    **dict.fromkeys(("path", "dir", "folder", "directory"), "path"),
}
"""What kind of value a name asks for whose last word is this one."""
