#compdef agentops
# Completion for zsh: source <(agentops completion zsh), or in a folder of $fpath as _agentops.
_agentops() {
    local program=${(Q)words[1]} paths line name
    local -a answer names
    program=${program/#\~/$HOME}
    answer=("${(@f)$("$program" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    paths=$answer[1]
    # What stands before = is settled; only the value is shown and matched.
    [[ $PREFIX == --*=* ]] && compset -P '*='
    for line in "${(@)answer[2,-1]}"; do
        name=${line%%$'\t'*}
        name=${name#$IPREFIX}
        names+=("${name//:/\\:}:${line#*$'\t'}")
    done
    local found=1
    # A name that ends in = is to be gone on with at once.
    local -a joined=()
    [[ $answer[2] == *=$'\t'* ]] && joined=(-S '')
    (( $#names )) && _describe -V agentops names "${joined[@]}" && found=0
    [[ $paths == *files* ]] && _files && found=0
    [[ $paths == *folders* ]] && _files -/ && found=0
    return found
}
if [[ $funcstack[1] == _agentops ]]; then
    _agentops "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _agentops agentops
fi
