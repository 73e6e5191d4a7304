"""What each shell has to run: it asks `ymltrain` itself, with `_YMLTRAIN_COMPLETE` set to the shell's name.

bash hands over its line, because it breaks words at `=`, `:` and `@`; zsh and fish hand over their words, the one that
is being written last. A candidate that ends in one of `= . / @` is not done, so no space follows it.
"""

from __future__ import annotations

BASH = r"""# Completion of ymltrain for bash.
_ymltrain() {
    local IFS=$'\n'
    local -x _YMLTRAIN_COMPLETE=bash _YMLTRAIN_LINE="${COMP_LINE:0:COMP_POINT}" _YMLTRAIN_BREAKS="$COMP_WORDBREAKS"
    COMPREPLY=($("$1" 2>/dev/null))
    local candidate
    for candidate in "${COMPREPLY[@]}"; do
        [[ $candidate == *[=./@] ]] && compopt -o nospace 2>/dev/null && break
    done
}
complete -F _ymltrain ymltrain
"""

ZSH = r"""#compdef ymltrain
# Completion of ymltrain for zsh.
_ymltrain() {
    local -a done_ done_shown open_ open_shown
    local line name shown
    for line in "${(@f)$(_YMLTRAIN_COMPLETE=zsh "${words[1]}" "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        name=${line%%$'\t'*}
        shown=$name
        [[ $line == *$'\t'* ]] && shown="$name  -- ${line#*$'\t'}"
        if [[ $name == *[=./@] ]]; then
            open_+=("$name") open_shown+=("$shown")
        else
            done_+=("$name") done_shown+=("$shown")
        fi
    done
    (( $#done_ )) && compadd -V ymltrain -l -d done_shown -a done_
    (( $#open_ )) && compadd -V ymltrain -l -S '' -d open_shown -a open_
    (( $#done_ + $#open_ ))
}
if [ "$funcstack[1]" = "_ymltrain" ]; then
    _ymltrain "$@"
else
    compdef _ymltrain ymltrain
fi
"""

FISH = r"""# Completion of ymltrain for fish.
function __ymltrain_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    env _YMLTRAIN_COMPLETE=fish $words "$current" 2>/dev/null
end
complete -c ymltrain -f -a '(__ymltrain_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def script(shell: str) -> str:
    """The script of a shell."""
    return SCRIPTS[shell]
