#!/bin/sh
# Paints the pictures of the README. Takes a few minutes; needs a built program.
set -eu
cd "$(dirname "$0")/../.."
cargo build --release -p impasto-cli
paint() {
    name=$1
    shift
    target/release/impasto transfer "$@" --quality 88 --force -o "assets/readme/$name.jpg"
}
content=assets/content style=assets/style
paint harbour-swirls $content/harbour.png $style/swirls.png
paint still-life-pointillism $content/still_life.png $style/pointillism.png
paint harbour-woodcut $content/harbour.png $style/woodcut.png --stroke-size 1.4
paint still-life-mosaic $content/still_life.png $style/mosaic.png --look mosaic
paint still-life-colors $content/still_life.png $style/swirls.png --colors content
paint harbour-blend $content/harbour.png $style/swirls.png $style/pointillism.png --style-blend 1,2
painting=assets/doodle/painting
target/release/impasto doodle --style $painting.png --style-map $painting-map.png --map assets/doodle/map.png \
  --quality 88 --force -o assets/readme/doodle.jpg
target/release/impasto texture $style/mosaic.png --size 256 --seamless --tile 2x2 --quality 88 --force -o assets/readme/mosaic.jpg
rm assets/readme/mosaic.jpg # the README shows mosaic-tiled.jpg
target/release/impasto sweep $content/harbour.png $style/swirls.png --strength 0,0.25,0.5,0.75,1 --size 256 \
  --force -o assets/readme/strength.jpg
target/release/impasto sweep $content/still_life.png $style/swirls.png --look faithful,oil,watercolor,print,mosaic \
  --size 256 --force -o assets/readme/looks.jpg
target/release/impasto sweep $content/harbour.png $style/swirls.png --style-ratio 1,10,100 \
  --layers relu2_1,relu3_1,relu4_1 --size 192 --iterations 40 --force -o assets/readme/sweep.jpg
target/release/impasto features $content/harbour.png --reconstruct content --size 192 --force -o assets/readme/features.jpg
