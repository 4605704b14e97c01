# Breaks comments of more than 140 characters at a space. What is left over goes to the front of the next line where that continues the paragraph.
use strict;
use warnings;
use open qw(:std :encoding(UTF-8));
my $limit = 140;

for my $path (@ARGV) {
    open(my $file, '<', $path) or die "$path: $!";
    my @lines = <$file>;
    close $file;
    chomp @lines;
    my @broken;
    while (@lines) {
        my $line = shift @lines;
        my ($head) = $line =~ m{^(\s*///? (?:\s*- )?)};
        if (!defined $head || length $line <= $limit || substr($line, 0, $limit + 1) !~ /^(.{40,}) /s) {
            push @broken, $line;
            next;
        }
        my $rest = substr $line, length($1) + 1;
        push @broken, $1;
        # What goes on under a list item stands under its text.
        (my $next = $head) =~ s/- $/  /;
        if (@lines && $lines[0] =~ /^\Q$next\E(?=\S)(?![-*#>|]|\d+\.)(.*)$/) {
            $lines[0] = "$next$rest $1";
        } else {
            unshift @lines, "$next$rest";
        }
    }
    open($file, '>', $path) or die "$path: $!";
    print $file map { "$_\n" } @broken;
    close $file;
}
