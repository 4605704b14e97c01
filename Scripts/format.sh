#!/usr/bin/env bash
# Formats the sources in place: swift-format, and comments longer than 140 characters, which it leaves alone, are broken at a space.
#   bash Scripts/format.sh FILE_OR_FOLDER...
set -euo pipefail
cd "$(dirname "$0")/.."
swift format --in-place --recursive --parallel "$@"
{ grep -rlE --include='*.swift' '^.{141,}$' "$@" || true; } | while read -r file; do
  perl -CSD -i -pe '
    if (m{^(\s*///?\s*(?:- )?)} && length > 141) {
      my ($rest, $head) = ($_, $1);
      chomp $rest;
      # What goes on under a list item stands under its text.
      (my $next = $head) =~ s/- $/  /;
      my @lines;
      while (length($rest) > 140 && substr($rest, 0, 140) =~ /^(.{40,}) /s) {
        push @lines, $1;
        $rest = $next . substr($rest, length($1) + 1);
      }
      $_ = join("\n", @lines, $rest) . "\n";
    }' "$file"
done
