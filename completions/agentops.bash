# Made by scripts/generate.py from the command tree; static, so that TAB costs nothing.
_agentops() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path="" word words=""
    local scenarios="bad-env-value bad-image-tag cordoned-nodes dependency-host-typo hpa-at-maximum image-pull-denied init-container-failing injected-log-line insufficient-cpu job-backoff-limit kept-cordoned limit-range liveness-too-eager missing-config-key missing-mounted-config missing-secret network-policy-blocking node-label-typo node-not-ready oom-lowered-limit pdb-blocks-drain pod-security quota-exceeded readiness-probe-path readiness-probe-port red-herring selector-typo service-port-mismatch slow-liveness-timeout stale-alert stale-environment statefulset-stuck suspended-cronjob two-faults unbound-pvc-chain untolerated-taint wrong-namespace"
    case $previous in
        --output | -o) COMPREPLY=($(compgen -W "text json markdown" -- "$current")); return ;;
        --kubeconfig) COMPREPLY=($(compgen -f -- "$current")); return ;;
        --context | --namespace | -n) COMPREPLY=(); return ;;
        --sandbox) COMPREPLY=($(compgen -W "$scenarios" -- "${current#=}")); return ;;
        =) COMPREPLY=($(compgen -W "$scenarios" -- "$current")); return ;;
    esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "${path:+$path }$word" in
            "approve"|"approvers"|"approvers add"|"approvers list"|"approvers me"|"approvers remove"|"audit"|"audit anchor"|"audit check-proof"|"audit export"|"audit fingerprint"|"audit keys"|"audit log"|"audit prove"|"audit replay"|"audit rotate"|"audit rotate-key"|"audit verify"|"changes"|"doctor"|"fix"|"history"|"investigate"|"policy"|"policy explain"|"policy init"|"policy show"|"policy test"|"policy validate"|"recover"|"rollback"|"sandbox"|"sandbox list"|"sandbox new"|"sandbox up"|"schema"|"show"|"tools"|"tools list"|"triage") path="${path:+$path }$word" ;;
        esac
    done
    case $path in
        "") words="approve approvers audit changes doctor fix history investigate policy recover rollback sandbox schema show tools triage --help --version" ;;
        "approve") words="--context --help --kubeconfig --namespace --no-input --out --output --sandbox --side-by-side --ttl --verbose" ;;
        "approvers") words="add list me remove --help" ;;
        "approvers add") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "approvers list") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "approvers me") words="--context --help --kubeconfig --namespace --no-input --output --passphrase --sandbox --verbose" ;;
        "approvers remove") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit") words="anchor check-proof export fingerprint keys log prove replay rotate rotate-key verify --help" ;;
        "audit anchor") words="--context --endpoint-url --help --kubeconfig --namespace --no-input --output --retention-days --sandbox --to --verbose" ;;
        "audit check-proof") words="--context --help --key --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit export") words="--context --endpoint-url --help --kubeconfig --namespace --no-input --output --retention-days --sandbox --to --verbose" ;;
        "audit fingerprint") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit keys") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit log") words="--actor --context --event --fingerprint --follow --help --kubeconfig --limit --namespace --no-input --output --run --sandbox --since --target --until --verbose" ;;
        "audit prove") words="--context --growth --help --kubeconfig --namespace --no-input --output --sandbox --to --verbose" ;;
        "audit replay") words="--context --exit-code --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit rotate") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit rotate-key") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "audit verify") words="--anchor --context --endpoint-url --help --key --kubeconfig --namespace --no-input --output --require-signed --sandbox --verbose" ;;
        "changes") words="--context --help --kubeconfig --limit --namespace --no-input --output --sandbox --verbose" ;;
        "doctor") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "fix") words="--approval --context --dry-run --exit-code --help --kubeconfig --max-seconds --max-steps --max-tokens --max-usd --model --namespace --no-input --no-model --out --output --plan --sandbox --side-by-side --verbose --wait --yes" ;;
        "history") words="--context --help --kubeconfig --limit --namespace --no-input --output --sandbox --verbose" ;;
        "investigate") words="--context --exit-code --help --kubeconfig --max-seconds --max-steps --max-tokens --max-usd --model --namespace --no-input --no-model --output --resume --sandbox --verbose" ;;
        "policy") words="explain init show test validate --help" ;;
        "policy explain") words="--as --context --fact --harmless --help --kubeconfig --label --namespace --no-input --on-behalf-of --output --sandbox --target --tool --verbose" ;;
        "policy init") words="--context --force --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "policy show") words="--context --facts --help --kubeconfig --namespace --no-input --output --sandbox --schema --source --verbose" ;;
        "policy test") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "policy validate") words="--as --context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "recover") words="--context --help --keep --kubeconfig --namespace --no-input --output --roll-back --sandbox --verbose --yes" ;;
        "rollback") words="--context --dry-run --help --kubeconfig --namespace --no-input --output --sandbox --side-by-side --verbose --wait --yes" ;;
        "sandbox") words="list new up --help" ;;
        "sandbox list") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "sandbox new") words="--context --folder --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "sandbox up") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "schema") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "show") words="--context --evidence --help --kubeconfig --namespace --no-input --output --sandbox --timeline --verbose" ;;
        "tools") words="list --help" ;;
        "tools list") words="--context --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "triage") words="--all --context --exit-code --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    case $path in "sandbox up") COMPREPLY+=($(compgen -W "$scenarios" -- "$current")) ;; esac
    case $path in investigate) COMPREPLY+=($(compgen -f -- "$current")) ;; esac
}
complete -o filenames -F _agentops agentops
