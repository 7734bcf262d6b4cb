"""Words of ordinary speech that stand beside kinds and are no names, as data.

They keep ``the pod keeps restarting`` from naming a pod ``keeps``. No list is complete: what the words claim is held
against the names of the cluster afterwards.
"""

from __future__ import annotations

_WORDS = """the a an my our your this that these those all any some every each no not is are was were be been
being has have had and or but of in on at to for from with without by as it its which what why when where who how can
cannot will would should keeps keep kept failing failed fails fail failure failures crash crashes crashing crashed
crashloop down up slow unhealthy healthy unavailable available pending evicted ready unready notready restarting
restarts restart error errors oom killed full new old one two three many most other another same name names named count
disk memory cpu usage limit limits quota level stuck missing broken running scheduled unschedulable does did do got
gets get kubernetes k8s cluster database public internal external single last first next after before during since
account mesh discovery status state condition pressure shows show showing shown says said replicas replica rollout
rollouts progress progressing container containers pod pods node nodes service services deployment deployments
statefulset daemonset job jobs cronjob namespace namespaces metadata spec labels label annotations availability health
check checks checked latency traffic request requests response responses respond returns return returning reports
report reported reporting started starting start starts stopped stopping stops stop became becomes become goes went
going under over above below near between than then there here now today again still also only just very too more less
metrics metric alert alerts alarm logs log image images volume volumes claim claims storage network networking dns
restarted terminating terminated waiting unreachable exceeded exceeds high low critical warning degraded due because
if while until within about into onto out off per via has-been been-in age type kind version ip port host hostname
selector controller manager scheduler template cannot could may might must shall seem seems look looks looking
unknown different multiple several both either none nothing everything something data mount mounts mounted backoff
pull pulls pulled pulling update updates updated upgrade upgrades upgraded deploy deployed deploys scale scaled scaling
object objects resource resources key keys value values list lists
der die das den dem des ein eine einen ist sind war wird werden nicht kein keine im auf mit von und oder hat haben
le la les un une des est sont pas ne dans sur avec et ou el los las es son no en con y o una unos il lo gli non
de da do na em com e o os as um uma não está estan está"""
_PLACES = "production staging prod dev test web monitor system default"
NO_PLACES = frozenset(_WORDS.split())
"""What no namespace is called."""

ORDINARY = NO_PLACES | frozenset(_PLACES.split())
"""What no object is called, as far as a word beside a kind tells; some of these are names that namespaces have."""

NAMESPACE_WORDS = (
    "name space|命名空间|命名空間|名前空間|ネームスペース|네임스페이스|namensraum|espace de noms?|espacio de nombres|"
    "пространств\\w* им[её]н|espaço de nomes|spazio dei nomi"
)
"""How other languages call a namespace, as a pattern."""
