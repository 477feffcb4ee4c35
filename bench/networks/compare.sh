#!/bin/sh
# Paints every content in every style with several networks, and writes a page that shows them side by side:
#
#     bench/networks/compare.sh OUT CONTENTS STYLES NAME=WEIGHTS...
#
# CONTENTS and STYLES are folders of pictures; WEIGHTS is a weight file, or built-in. SIZE sets the longest side
# (default 256). For example, the page of the model card:
#
#     bench/networks/compare.sh page assets/content assets/style vgg19=vgg19.safetensors now=built-in
set -eu
if [ $# -lt 4 ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
fi
out=$1 contents=$2 styles=$3
shift 3
impasto=${IMPASTO:-target/release/impasto}
[ -x "$impasto" ] || cargo build --release -p impasto-cli
mkdir -p "$out"
page=$out/index.html
{
    echo '<!DOCTYPE html><meta charset="utf-8"><title>Networks side by side</title>'
    echo '<style>body{font:14px sans-serif;margin:2em}img{width:256px;display:block}td{vertical-align:top;padding:4px}</style>'
    echo '<table><tr><th>content<th>style'
    for network in "$@"; do echo "<th>${network%%=*}"; done
} > "$page"
for content in "$contents"/*; do
    for style in "$styles"/*; do
        c=$(basename "$content") s=$(basename "$style")
        echo "<tr><td>${c%.*}<td>${s%.*}" >> "$page"
        for network in "$@"; do
            name=${network%%=*} weights=${network#*=}
            picture=${c%.*}-${s%.*}-$name.jpg
            if [ "$weights" = built-in ]; then
                "$impasto" transfer "$content" "$style" --size "${SIZE:-256}" --quiet --quality 85 --force -o "$out/$picture"
            else
                "$impasto" transfer "$content" "$style" --size "${SIZE:-256}" --quiet --quality 85 --force -o "$out/$picture" \
                    --weights "$weights"
            fi
            echo "<td><img src=\"$picture\" alt=\"$picture\">" >> "$page"
        done
    done
done
echo '</table>' >> "$page"
echo "wrote $page"
