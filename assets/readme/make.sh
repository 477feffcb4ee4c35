#!/bin/sh
# Paints the pictures of the README. Takes a few minutes; needs a built program.
set -eu
cd "$(dirname "$0")/../.."
cargo build --release -p impasto-cli
paint() {
    name=$1
    shift
    target/release/impasto transfer "$@" --quality 88 -o "assets/readme/$name.jpg"
}
content=assets/content style=assets/style
paint harbour-swirls $content/harbour.png $style/swirls.png
paint still-life-pointillism $content/still_life.png $style/pointillism.png
paint harbour-woodcut $content/harbour.png $style/woodcut.png --style-scale 1.4
paint harbour-mosaic $content/harbour.png $style/mosaic.png --style-ratio 40
paint still-life-colors $content/still_life.png $style/swirls.png --original-colors
paint harbour-blend $content/harbour.png $style/swirls.png $style/pointillism.png --style-blend 1,2
