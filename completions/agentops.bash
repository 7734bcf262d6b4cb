# Completion for bash: source <(agentops completion bash)
_agentops() {
    local program=${COMP_WORDS[0]} line=${COMP_LINE:0:COMP_POINT} word i
    local -a words=()
    case $program in "~"*) program=$HOME${program#"~"} ;; esac
    # bash takes words apart at = and :, which belong to ours: what stands together is put together again.
    line=${line#*"${COMP_WORDS[0]}"}
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((${#words[@]} == 0)) || [[ $line == [[:space:]]* ]]; then
            line=${line#"${line%%[![:space:]]*}"}
            words+=("")
        fi
        ((i == COMP_CWORD)) && word=$line
        words[${#words[@]} - 1]+=$word
        line=${line#"$word"}
    done
    local current=${words[${#words[@]} - 1]} breaks="" settled="" paths="" name
    # A quote that is open is the shell's own affair.
    current=${current#[\"\']}
    words[${#words[@]} - 1]=$current
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+="="
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=":"
    # The shell replaces only what stands behind the last place where it takes the word apart.
    [[ -n $breaks && $current == *[$breaks]* ]] && settled=${current%"${current##*[$breaks]}"}
    COMPREPLY=()
    {
        IFS= read -r paths
        while IFS= read -r name; do
            name=${name%%$'\t'*}
            [[ $name == *[[:space:]\"\'\\\$\`\&\;\(\)\<\>\|\*\?]* ]] && printf -v name %q "$name"
            COMPREPLY+=("${name#"$settled"}")
        done
    } < <("$program" __complete "${words[@]}" 2>/dev/null)
    # A name that ends so is to be gone on with at once.
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    local kind=""
    [[ $paths == *files* ]] && kind=-f
    [[ $paths == *folders* ]] && kind=-d
    [[ -n $kind ]] || return 0
    local written=${current#"$settled"}
    while IFS= read -r name; do
        COMPREPLY+=("$name")
    done < <(compgen $kind -- "$written")
    # It adds the slash behind a folder, and quotes what needs it. bash 3.2 has no compopt.
    compopt -o filenames 2>/dev/null
    return 0
}
complete -F _agentops agentops
