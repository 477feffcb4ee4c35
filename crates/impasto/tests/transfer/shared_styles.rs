//! Several contents in one style, which is learnt once.

use std::sync::Arc;

use impasto::{Picture, Pyramid, Settings, StyleCache, StyleMethod, Transfer};
use impasto_network::CpuEngine;

use crate::{small, tiles};

const METHODS: [StyleMethod; 4] =
    [StyleMethod::Gram, StyleMethod::Moments, StyleMethod::Nearest, StyleMethod::Patches];

/// Two sizes, and for nearest columns their refinement.
fn settings(method: StyleMethod) -> Settings {
    let mut settings = tiles::settings(method);
    (settings.schedule.size, settings.schedule.pyramid) = (96, Pyramid::Doublings { sizes: 2 });
    settings.schedule.refinement = (method == StyleMethod::Nearest).then_some(2);
    settings
}

fn transfer(settings: &Settings, content: Picture) -> Transfer {
    Transfer::new(settings.clone()).content(content).style(small::picture(150, 130, 2), 1.0)
}

fn painted(transfer: &Transfer) -> Picture {
    let mut engine = CpuEngine::new(small::weights());
    transfer.run(&mut engine, small::go_on).unwrap().picture
}

#[test]
fn what_others_have_learnt_paints_the_same_bits() {
    for method in METHODS {
        let settings = settings(method);
        let cache = Arc::new(StyleCache::new(1 << 30));
        for (content, finds) in [(1, false), (2, true), (3, true)] {
            let before = cache.found();
            let alone = transfer(&settings, small::picture(96, 72, content));
            let shared = alone.clone().share_styles(cache.clone());
            assert_eq!(painted(&alone), painted(&shared), "{method:?}, content {content}");
            // A nearest style is looked at twice, and so found again at once.
            let is_nearest = method == StyleMethod::Nearest;
            let finds = (finds || is_nearest) && method != StyleMethod::Patches;
            assert_eq!(cache.found() > before, finds, "{method:?}, content {content}");
        }
    }
}

#[test]
fn a_content_of_another_shape_learns_its_own_size() {
    let settings = Settings { seed: 1, ..settings(StyleMethod::Gram) };
    let mut by_height = settings.clone();
    by_height.schedule.style_fit = impasto::StyleFit::ContentSize;
    let cache = Arc::new(StyleCache::new(1 << 30));
    for (width, height, finds) in [(96, 72, 0), (96, 50, 0), (96, 72, 2)] {
        let before = cache.found();
        let alone = transfer(&by_height, small::picture(width, height, 1));
        assert_eq!(painted(&alone), painted(&alone.clone().share_styles(cache.clone())));
        assert_eq!(cache.found() - before, finds, "{width}x{height}");
    }
}

#[test]
fn the_same_styles_of_other_weights_are_learnt_anew() {
    let alone = transfer(&settings(StyleMethod::Gram), small::picture(96, 72, 1));
    let shared = alone.clone().share_styles(Arc::new(StyleCache::new(1 << 30)));
    let other = impasto_network::Weights::random(small::weights().architecture().clone(), 4);
    let mut engine = CpuEngine::new(other);
    painted(&shared);
    let [alone, shared] = [alone, shared].map(|it| it.run(&mut engine, small::go_on).unwrap().picture);
    assert_eq!(alone, shared);
}

#[test]
fn a_plan_counts_what_is_kept_and_a_limit_stays_one() {
    let alone = transfer(&settings(StyleMethod::Gram), small::picture(96, 72, 1));
    let engine = CpuEngine::new(small::weights());
    let memory = |transfer: &Transfer| transfer.plan(&engine).unwrap().memory();
    let cache = Arc::new(StyleCache::new(5_000_000));
    assert_eq!(memory(&alone.clone().share_styles(cache.clone())), memory(&alone) + 5_000_000);
    // Within a limit the run comes first: the same tiles, and the same picture.
    let (squeezed, tiles) = tiles::squeezed(&tiles::transfer(tiles::settings(StyleMethod::Gram)), 0.6);
    let shared = squeezed.clone().share_styles(cache.clone());
    let plan = shared.plan(&engine).unwrap();
    assert!(tiles > 1 && plan.stages.last().unwrap().tiles == tiles);
    assert!(plan.memory() < memory(&squeezed) + 5_000_000);
    let pictures = [&squeezed, &shared, &shared].map(painted);
    assert!(pictures.iter().all(|picture| *picture == pictures[0]));
    let room = plan.memory() - memory(&squeezed);
    assert!(cache.bytes() <= room, "{} of {room}", cache.bytes());
}
