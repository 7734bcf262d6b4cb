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
            "approve"|"approvers"|"approvers add"|"approvers list"|"approvers me"|"approvers remove"|"audit"|"audit anchor"|"audit check-proof"|"audit export"|"audit fingerprint"|"audit keys"|"audit log"|"audit prove"|"audit replay"|"audit rotate"|"audit rotate-key"|"audit verify"|"changes"|"doctor"|"fix"|"history"|"investigate"|"policy"|"policy explain"|"policy init"|"policy show"|"policy test"|"policy validate"|"recover"|"rollback"|"sandbox"|"sandbox list"|"sandbox new"|"sandbox up"|"schema"|"show"|"tools"|"tools list"|"triage"|"version") path="${path:+$path }$word" ;;
        esac
    done
    case $path in
        "") words="approve approvers audit changes doctor fix history investigate policy recover rollback sandbox schema show tools triage version --help --version" ;;
        "approve") words="--help --no-input --out --output --side-by-side --ttl --verbose" ;;
        "approvers") words="add list me remove --help" ;;
        "approvers add") words="--help --no-input --output --verbose" ;;
        "approvers list") words="--help --no-input --output --verbose" ;;
        "approvers me") words="--help --no-input --output --passphrase --verbose" ;;
        "approvers remove") words="--help --no-input --output --verbose" ;;
        "audit") words="anchor check-proof export fingerprint keys log prove replay rotate rotate-key verify --help" ;;
        "audit anchor") words="--endpoint-url --help --no-input --output --retention-days --to --verbose" ;;
        "audit check-proof") words="--help --key --no-input --output --verbose" ;;
        "audit export") words="--endpoint-url --help --no-input --output --retention-days --to --verbose" ;;
        "audit fingerprint") words="--help --no-input --output --verbose" ;;
        "audit keys") words="--help --no-input --output --verbose" ;;
        "audit log") words="--actor --event --fingerprint --follow --help --limit --no-input --output --run --since --target --until --verbose" ;;
        "audit prove") words="--growth --help --no-input --output --to --verbose" ;;
        "audit replay") words="--exit-code --help --no-input --output --verbose" ;;
        "audit rotate") words="--help --no-input --output --verbose" ;;
        "audit rotate-key") words="--help --no-input --output --verbose" ;;
        "audit verify") words="--anchor --endpoint-url --help --key --no-input --output --require-signed --verbose" ;;
        "changes") words="--help --limit --no-input --output --verbose" ;;
        "doctor") words="--context --help --kubeconfig --namespace --no-input --output --verbose" ;;
        "fix") words="--approval --context --dry-run --exit-code --help --kubeconfig --max-seconds --max-steps --max-tokens --max-usd --model --namespace --no-input --no-model --out --output --plan --sandbox --side-by-side --verbose --wait --yes" ;;
        "history") words="--help --limit --no-input --output --verbose" ;;
        "investigate") words="--context --details --exit-code --help --kubeconfig --max-seconds --max-steps --max-tokens --max-usd --model --namespace --no-input --no-model --output --resume --sandbox --verbose" ;;
        "policy") words="explain init show test validate --help" ;;
        "policy explain") words="--as --fact --harmless --help --label --no-input --on-behalf-of --output --sandbox --target --tool --verbose" ;;
        "policy init") words="--force --help --no-input --output --verbose" ;;
        "policy show") words="--facts --help --no-input --output --schema --source --verbose" ;;
        "policy test") words="--help --no-input --output --verbose" ;;
        "policy validate") words="--as --help --no-input --output --verbose" ;;
        "recover") words="--context --help --keep --kubeconfig --namespace --no-input --output --roll-back --sandbox --verbose --yes" ;;
        "rollback") words="--context --dry-run --help --kubeconfig --namespace --no-input --output --sandbox --side-by-side --verbose --wait --yes" ;;
        "sandbox") words="list new up --help" ;;
        "sandbox list") words="--help --no-input --output --verbose" ;;
        "sandbox new") words="--folder --help --no-input --output --verbose" ;;
        "sandbox up") words="--help --no-input --output --verbose" ;;
        "schema") words="--help --no-input --output --verbose" ;;
        "show") words="--evidence --help --no-input --output --timeline --verbose" ;;
        "tools") words="list --help" ;;
        "tools list") words="--help --no-input --output --verbose" ;;
        "triage") words="--all --context --exit-code --help --kubeconfig --namespace --no-input --output --sandbox --verbose" ;;
        "version") words="--help --no-input --output --verbose" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    case $path in "sandbox up") COMPREPLY+=($(compgen -W "$scenarios" -- "$current")) ;; esac
    case $path in investigate) COMPREPLY+=($(compgen -f -- "$current")) ;; esac
}
complete -o filenames -F _agentops agentops
