use proptest::prelude::*;

use super::*;
use crate::sim::{EntityKey, Intensity, Law};
use crate::units::DAY;

const MB: u64 = 1_000_000;

fn drawn(size: u64, count: u32, largest: f64, new_bytes: NewBytes) -> ImageLaw {
    ImageLaw {
        layers: LayerLaw::Drawn {
            size: Law::Constant(size as f64),
            count: Law::Constant(f64::from(count)),
            largest: Law::Constant(largest),
        },
        new_bytes,
        base: None,
        compression: 2.6,
        platforms: 1,
        attachments: None,
    }
}

fn listed(bytes: Option<u64>, new_bytes: Option<u64>, layers: Option<u32>) -> ListedPush {
    let new_bytes = new_bytes.map(NewBytes::Bytes);
    ListedPush { at: Time(0), tag: "t".into(), bytes, new_bytes, layers, digest: None, same_as: None, edit: None }
}

fn lineage(law: &ImageLaw, bases: &[Base], existing: usize, rows: &[ListedPush]) -> Lineage {
    let mut stream = Stream::new(1, 1, EntityKey(9), Purpose::ImageShape);
    Lineage::new(law, bases, &mut stream, existing, &rows.iter().collect::<Vec<_>>())
}

fn versions(lineage: &mut Lineage, n: usize) -> Vec<Arc<Image>> {
    let (mut bases, mut ids) = (Bases::new(&[], 1, 1, Time(0)), Ids::default());
    (0..n).map(|_| lineage.next(Time(0), &mut bases, &mut ids)).collect()
}

fn sizes(image: &Image) -> Vec<u64> {
    image.layers.iter().map(|layer| layer.bytes).collect()
}

fn total(image: &Image) -> u64 {
    sizes(image).iter().sum()
}

/// Bytes of `later` that `earlier` lacks.
fn added(earlier: &Image, later: &Image) -> u64 {
    later.layers.iter().filter(|layer| !earlier.layers.contains(layer)).map(|layer| layer.bytes).sum()
}

#[test]
fn the_boundary_is_cut_so_that_a_version_adds_exactly_its_new_bytes() {
    // 100 MB in four layers, 40 % in the largest: 40, 20, 20, 20. The top 25 MB are new: 5 of the third and all of the
    // fourth.
    let images = versions(&mut lineage(&drawn(100 * MB, 4, 0.4, NewBytes::Share(0.25)), &[], 0, &[]), 3);
    for image in &images {
        assert_eq!(sizes(image), [40 * MB, 20 * MB, 15 * MB, 5 * MB, 20 * MB]);
    }
    for (earlier, later) in images.iter().zip(&images[1..]) {
        assert_eq!(earlier.layers[..3], later.layers[..3]);
        assert_eq!(added(earlier, later), 25 * MB);
        assert_ne!(earlier.id, later.id);
    }
}

#[test]
fn all_new_shares_nothing_and_nothing_new_shares_all() {
    let images = versions(&mut lineage(&drawn(200 * MB, 1, 0.59, NewBytes::Share(1.0)), &[], 0, &[]), 2);
    assert_eq!(sizes(&images[1]), [200 * MB]);
    assert_eq!(added(&images[0], &images[1]), 200 * MB);
    let images = versions(&mut lineage(&drawn(200 * MB, 3, 0.5, NewBytes::Share(0.0)), &[], 0, &[]), 2);
    assert_eq!(images[0].layers, images[1].layers);
    assert_ne!(images[0].id, images[1].id);
}

#[test]
fn layers_given_one_by_one_are_kept_in_order() {
    let law = ImageLaw { layers: LayerLaw::Listed(vec![5, 50, 10]), ..drawn(0, 0, 0.0, NewBytes::Bytes(10)) };
    let images = versions(&mut lineage(&law, &[], 0, &[]), 2);
    assert_eq!(sizes(&images[0]), [5, 50, 10]);
    assert_eq!(added(&images[0], &images[1]), 10);
}

#[test]
fn a_listed_size_or_new_bytes_replaces_the_drawn_one() {
    let rows = [
        listed(Some(100), None, None),
        listed(Some(120), Some(50), None),
        listed(Some(120), Some(5), Some(2)),
        listed(None, Some(90), None),
        listed(Some(500), Some(1), None),
    ];
    let images = versions(&mut lineage(&drawn(100, 4, 0.25, NewBytes::Share(0.2)), &[], 0, &rows), 5);
    assert_eq!(images.iter().map(|image| total(image)).collect::<Vec<_>>(), [100, 120, 120, 100, 500]);
    assert_eq!(added(&images[0], &images[1]), 50);
    assert_eq!(added(&images[1], &images[2]), 5);
    assert_eq!(added(&images[2], &images[3]), 90);
    // It cannot keep 499 bytes of an image of 100.
    assert_eq!(added(&images[3], &images[4]), 400);
}

#[test]
fn a_base_lies_below_and_is_shared_and_small_draws_are_lifted() {
    let base = Base { name: "java".into(), key: EntityKey(4), bytes: 90, layers: 4, renew: None };
    let law = ImageLaw { base: Some(0), ..drawn(100, 6, 0.5, NewBytes::Share(1.0)) };
    let tiny = ImageLaw { base: Some(0), ..drawn(30, 2, 0.5, NewBytes::Share(1.0)) };
    let bases = [base];
    let (mut state, mut ids) = (Bases::new(&bases, 1, 1, Time(0)), Ids::default());
    let mut next = |lineage: &mut Lineage| lineage.next(Time(0), &mut state, &mut ids);
    let (mut one, mut two) = (lineage(&law, &bases, 0, &[]), lineage(&tiny, &bases, 0, &[]));
    let (first, second, small) = (next(&mut one), next(&mut one), next(&mut two));
    assert_eq!(sizes(&first), [23, 23, 22, 22, 5, 5]);
    assert_eq!(added(&first, &second), 10, "all own bytes, and none of the base");
    assert_eq!(sizes(&small), [23, 23, 22, 22, 1]);
    assert_eq!(small.layers[..4], first.layers[..4]);
}

#[test]
fn a_renewed_base_is_carried_by_the_next_push_and_own_layers_stay() {
    let renew = Some(Intensity::constant(Time(0), Time(1000 * DAY), 1.0 / DAY as f64));
    let bases = [Base { name: "java".into(), key: EntityKey(4), bytes: 90, layers: 3, renew }];
    let law = ImageLaw { base: Some(0), ..drawn(190, 5, 0.6, NewBytes::Bytes(40)) };
    let (mut state, mut ids) = (Bases::new(&bases, 1, 1, Time(0)), Ids::default());
    let mut lineage = lineage(&law, &bases, 0, &[]);
    let mut images: Vec<Arc<Image>> = Vec::new();
    for day in 0..400 {
        images.push(lineage.next(Time(day * DAY), &mut state, &mut ids));
    }
    let mut renewals = 0;
    for (earlier, later) in images.iter().zip(&images[1..]) {
        let renewed = earlier.layers[..3] != later.layers[..3];
        assert_eq!(added(earlier, later), if renewed { 130 } else { 40 });
        assert_eq!(earlier.layers[3], later.layers[3]);
        renewals += u32::from(renewed);
    }
    // A day without any renewal has probability 1/e: 399 × 0.632 = 252, deviation 9.6.
    assert!((renewals as f64 - 252.2).abs() < 40.0, "{renewals}");
}

#[test]
fn real_layers_are_shared_by_number() {
    let mut ids = Ids::default();
    let real = |layers: &[(u32, u64)]| RealImage { tag: "t".into(), layers: layers.to_vec() };
    let first = ids.real(&real(&[(70, 5), (3, 6)]), 2.6);
    let second = ids.real(&real(&[(3, 6), (9, 7)]), 2.6);
    assert_eq!(first.layers, [Layer { id: 0, bytes: 5 }, Layer { id: 1, bytes: 6 }]);
    assert_eq!(second.layers, [Layer { id: 1, bytes: 6 }, Layer { id: 2, bytes: 7 }]);
    assert!(ids.real(&real(&[]), 2.6).layers.is_empty());
}

proptest! {
    #[test]
    fn every_image_sums_to_its_size_and_adds_what_it_should(
        size in 1u64..5000, count in 0u32..40, largest in 0.0f64..=1.0, share in 0.0f64..=1.0
    ) {
        let images = versions(&mut lineage(&drawn(size, count, largest, NewBytes::Share(share)), &[], 0, &[]), 4);
        let new = (share * size as f64).round() as u64;
        for image in &images {
            prop_assert_eq!(total(image), size);
            prop_assert!(image.layers.iter().all(|layer| layer.bytes > 0));
            prop_assert!(image.layers.len() as u64 <= u64::from(count.max(1)) + 1);
        }
        for (earlier, later) in images.iter().zip(&images[1..]) {
            prop_assert_eq!(added(earlier, later), new);
        }
    }

    #[test]
    fn listed_versions_add_exactly_what_the_list_says(
        existing in 0usize..4,
        rows in prop::collection::vec((1u64..300, prop::option::of(0u64..300), prop::option::of(0u32..6)), 1..20)
    ) {
        let law = drawn(100, 4, 0.4, NewBytes::Share(0.3));
        let rows: Vec<ListedPush> =
            rows.into_iter().map(|(bytes, new, layers)| listed(Some(bytes), new, layers)).collect();
        let images = versions(&mut lineage(&law, &[], existing, &rows), existing + rows.len());
        for (row, pair) in rows.iter().skip(usize::from(existing == 0)).zip(images.windows(2).skip(existing.max(1) - 1)) {
            let size = row.bytes.unwrap();
            prop_assert_eq!(total(&pair[1]), size);
            let new = match row.new_bytes {
                Some(NewBytes::Bytes(bytes)) => bytes,
                _ => (0.3 * size as f64).round() as u64,
            };
            let new = new.min(size);
            let least = size.saturating_sub(total(&pair[0]));
            prop_assert_eq!(added(&pair[0], &pair[1]), new.max(least));
        }
    }
}
