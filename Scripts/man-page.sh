#!/usr/bin/env bash
# The man page of a built sampt, made of what `sampt help` says of every command.
#   bash Scripts/man-page.sh PROGRAM > sampt.1
set -euo pipefail
program=$1
# Help is wrapped to the terminal; a man page is 80 columns wide.
export COLUMNS=80
version=$("$program" --version)

# Names of a command's subcommands, from its help.
subcommands() {
  "$program" help "$@" | sed -n '/^SUBCOMMANDS:/,$p' | sed -n 's/^  \([a-z][a-z0-9-]*\)  .*$/\1/p'
}

# As it stands: backslashes, and dots and quotes at the beginning of a line, mean something else to roff.
verbatim() {
  printf '.nf\n'
  sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"
  printf '.fi\n'
}

command_section() {
  printf '.SH "sampt %s"\n' "$*"
  "$program" help "$@" | sed -e '/^EXIT STATUS$/,/^$/d' -e "/^  See 'sampt help/d" | verbatim
  local name
  for name in $(subcommands "$@"); do command_section "$@" "$name"; done
}

printf '.TH SAMPT 1 "" "sampt %s" "User Commands"\n' "$version"
printf '.SH NAME\nsampt \\- segment objects in videos from a few clicks\n'
printf '.SH SYNOPSIS\n.B sampt\n.I command\n.RI [ options ]\n'
printf '.SH DESCRIPTION\n'
"$program" help | sed -e '1s/^OVERVIEW: //' -e '/^EXIT STATUS$/,$d' | verbatim
printf '.SH EXIT STATUS\n'
"$program" help | sed -n '/^EXIT STATUS$/,/^$/p' | sed 1d | verbatim
for name in $(subcommands); do command_section "$name"; done
