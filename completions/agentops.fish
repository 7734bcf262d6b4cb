# Completion for fish: agentops completion fish | source, or in ~/.config/fish/completions/agentops.fish
function __agentops_complete
    set -l words (commandline -opc)
    # A quote that is open is the shell's own affair.
    set -l current (string replace -r '^["\']' '' -- (commandline -ct))
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    set -l answer ($program __complete $words "$current" 2>/dev/null)
    set -l paths $answer[1]
    set -e answer[1]
    printf '%s\n' $answer
    if string match -q '*f*' -- $paths
        # What stands before = is settled; the path is what follows.
        set -l settled (string match -r -- '^--[^=]*=' $current)
        set -l written (string replace -r -- '^--[^=]*=' '' $current)
        if string match -q '*folders*' -- $paths
            printf "$settled%s\n" (__fish_complete_directories $written)
        else
            printf "$settled%s\n" (__fish_complete_path $written)
        end
    end
end
complete -c agentops -f -k -a '(__agentops_complete)'
