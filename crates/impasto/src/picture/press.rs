//! From inks to sRGB through the table of a press profile.
//!
//! The table is read where a colour lies in it. The converter of the other profiles samples table and curves of a press
//! anew, at 17 steps of each ink, and is linear in between: what curves do between two steps is lost.

use moxcms::{ColorProfile, DataColorSpace, LutDataType, LutMultidimensionalType, LutStore, LutType};
use moxcms::{LutWarehouse, ParametricCurve, ProfileVersion, ToneReprCurve};

use super::coding::{D50, srgb_of_d50, xyz_of_lab};

const INKS: usize = 4;

/// XYZ that profiles since version 4 mean by black in perceptual conversion (ICC.1:2010, 6.3.4.3).
const PERCEPTUAL_BLACK: [f32; 3] = [0.003_36, 0.003_473_1, 0.002_87];

/// What is lighter than lightness 50 is no black.
const GREATEST_BLACK: f32 = 0.184;

/// A profile of inks, ready to convert.
pub(super) struct Press {
    before: Vec<Curve>,
    table: Table,
    /// Between table and matrix.
    middle: Vec<Curve>,
    matrix: [[f32; 3]; 3],
    offset: [f32; 3],
    after: Vec<Curve>,
    connection: Connection,
    /// XYZ that becomes black: ink on paper is never quite dark.
    black: [f32; 3],
}

/// How three numbers of 0..1 stand for a colour.
#[derive(Clone, Copy)]
enum Connection {
    /// CIE L*a*b*, its greatest number being 1 / this.
    Lab(f32),
    Xyz,
}

enum Curve {
    Power(f32),
    Steps(Vec<f32>),
    Formula(ParametricCurve),
}

/// Three numbers at each point of a grid over the inks, the last ink's neighbours side by side.
struct Table {
    points: [usize; INKS],
    values: Vec<[f32; 3]>,
}

impl Press {
    /// The perceptual table of a profile of cyan, magenta, yellow and black or, where it has none, another.
    ///
    /// # Errors
    /// In words, if there is no table, or one that contradicts itself.
    pub fn new(profile: &ColorProfile) -> Result<Self, String> {
        let tables = [
            &profile.lut_a_to_b_perceptual,
            &profile.lut_a_to_b_colorimetric,
            &profile.lut_a_to_b_saturation,
        ];
        let table = tables.into_iter().find_map(Option::as_ref).ok_or("it has no table of inks")?;
        let is_xyz = match profile.pcs {
            DataColorSpace::Lab => false,
            DataColorSpace::Xyz => true,
            _ => return Err("its table leads to neither Lab nor XYZ".to_owned()),
        };
        let mut press = match table {
            LutWarehouse::Lut(table) => Press::of_table(table)?,
            LutWarehouse::Multidimensional(table) => Press::of_stages(table)?,
        };
        if is_xyz {
            press.connection = Connection::Xyz;
        }
        let of_version_4 = ProfileVersion::V4_0..=ProfileVersion::V4_4;
        press.black = match of_version_4.contains(&profile.version()) {
            true => PERCEPTUAL_BLACK,
            false => black_of(press.connected([1.0; INKS])),
        };
        Ok(press)
    }

    /// A table of 8 or 16 bits, with sampled curves before and behind (ICC.1, 10.10 and 10.11).
    fn of_table(table: &LutDataType) -> Result<Self, String> {
        let (inks, colors) = (usize::from(table.num_input_channels), usize::from(table.num_output_channels));
        check_channels(inks, colors)?;
        let curves = |store: &LutStore, count: usize, entries: u16| {
            let (values, entries) = (units(store), usize::from(entries));
            if entries < 2 || values.len() < count * entries {
                return Err("a curve is cut short".to_owned());
            }
            Ok(values.chunks_exact(entries).take(count).map(|curve| Curve::Steps(curve.to_vec())).collect())
        };
        Ok(Press {
            before: curves(&table.input_table, INKS, table.num_input_table_entries)?,
            table: Table::new([usize::from(table.num_clut_grid_points); INKS], &table.clut_table)?,
            middle: Vec::new(),
            matrix: IDENTITY,
            offset: [0.0; 3],
            after: curves(&table.output_table, 3, table.num_output_table_entries)?,
            // Tables of 16 bits keep the encoding of version 2, whose white is FF00.
            connection: Connection::Lab(if table.lut_type == LutType::Lut16 {
                65280.0 / 65535.0
            } else {
                1.0
            }),
            black: [0.0; 3],
        })
    }

    /// Stages of version 4: curves, table, curves, matrix, curves (ICC.1, 10.12).
    fn of_stages(stages: &LutMultidimensionalType) -> Result<Self, String> {
        let (inks, colors) =
            (usize::from(stages.num_input_channels), usize::from(stages.num_output_channels));
        check_channels(inks, colors)?;
        let table = stages.clut.as_ref().ok_or("it has no table of inks")?;
        let points = [0, 1, 2, 3].map(|ink| usize::from(stages.grid_points[ink]));
        let curves = |curves: &[ToneReprCurve], count: usize| match curves.len() {
            0 => Ok(Vec::new()),
            length if length == count => curves.iter().map(Curve::new).collect(),
            _ => Err("it has curves for other channels than there are".to_owned()),
        };
        Ok(Press {
            before: curves(&stages.a_curves, INKS)?,
            table: Table::new(points, table)?,
            middle: curves(&stages.m_curves, 3)?,
            matrix: stages.matrix.v.map(|row| row.map(|value| value as f32)),
            offset: stages.bias.v.map(|value| value as f32),
            after: curves(&stages.b_curves, 3)?,
            connection: Connection::Lab(1.0),
            black: [0.0; 3],
        })
    }

    /// sRGB, encoded, of inks of 0..1; colours that sRGB does not hold lie beyond 0..1.
    pub fn to_srgb(&self, inks: [f32; INKS]) -> [f32; 3] {
        let xyz = self.connected(inks);
        let above = |axis: usize| {
            let (white, black) = (D50[axis], self.black[axis]);
            (xyz[axis] - black) * white / (white - black)
        };
        srgb_of_d50([0, 1, 2].map(above))
    }

    /// XYZ of inks, white being D50.
    fn connected(&self, inks: [f32; INKS]) -> [f32; 3] {
        let through = |curves: &[Curve], channel: usize, value: f32| match curves.get(channel) {
            Some(curve) => curve.at(value),
            None => value,
        };
        let mut place = inks;
        place.iter_mut().enumerate().for_each(|(ink, value)| *value = through(&self.before, ink, *value));
        let mut color = self.table.at(place);
        color.iter_mut().enumerate().for_each(|(axis, value)| *value = through(&self.middle, axis, *value));
        let moved = self.matrix.map(|row| row[0] * color[0] + row[1] * color[1] + row[2] * color[2]);
        let color = [0, 1, 2].map(|axis| through(&self.after, axis, moved[axis] + self.offset[axis]));
        match self.connection {
            // Numbers of 16 bits, of which 15 are behind the point.
            Connection::Xyz => color.map(|value| value * (65535.0 / 32768.0)),
            Connection::Lab(greatest) => {
                let [lightness, a, b] = color.map(|value| value / greatest);
                xyz_of_lab(lightness * 100.0, a * 255.0 - 128.0, b * 255.0 - 128.0)
            }
        }
    }
}

const IDENTITY: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn check_channels(inks: usize, colors: usize) -> Result<(), String> {
    match (inks, colors) {
        (INKS, 3) => Ok(()),
        _ => Err(format!("its table leads from {inks} channels to {colors}, not from {INKS} to 3")),
    }
}

/// Whole numbers of 8 or 16 bits as 0..1.
fn units(store: &LutStore) -> Vec<f32> {
    match store {
        LutStore::Store8(values) => values.iter().map(|&value| f32::from(value) / 255.0).collect(),
        LutStore::Store16(values) => values.iter().map(|&value| f32::from(value) / 65535.0).collect(),
    }
}

impl Curve {
    fn new(curve: &ToneReprCurve) -> Result<Self, String> {
        match curve {
            ToneReprCurve::Lut(values) => Ok(match values.as_slice() {
                [] => Curve::Power(1.0),
                // A number of 8 bits before the point and 8 behind.
                [power] => Curve::Power(f32::from(*power) / 256.0),
                values => Curve::Steps(values.iter().map(|&value| f32::from(value) / 65535.0).collect()),
            }),
            ToneReprCurve::Parametric(numbers) if numbers.is_empty() => Err("a curve is empty".to_owned()),
            ToneReprCurve::Parametric(numbers) => ParametricCurve::new(numbers)
                .map(Curve::Formula)
                .ok_or_else(|| "a curve is of an unknown kind".to_owned()),
        }
    }

    fn at(&self, value: f32) -> f32 {
        let value = value.clamp(0.0, 1.0);
        match self {
            Curve::Power(1.0) => value,
            Curve::Power(power) => value.powf(*power),
            Curve::Formula(formula) => formula.eval(value).clamp(0.0, 1.0),
            Curve::Steps(steps) => {
                let (index, part) = step(value, steps.len());
                let next = steps[(index + 1).min(steps.len() - 1)];
                steps[index] + (next - steps[index]) * part
            }
        }
    }
}

/// The step that a value of 0..1 lies in, and how far.
fn step(value: f32, points: usize) -> (usize, f32) {
    // What is no number, from a broken curve, becomes zero.
    let place = value.clamp(0.0, 1.0).max(0.0) * (points - 1) as f32;
    let index = (place as usize).min(points - 1);
    (index, place - index as f32)
}

impl Table {
    fn new(points: [usize; INKS], store: &LutStore) -> Result<Self, String> {
        let values: Vec<[f32; 3]> =
            units(store).chunks_exact(3).map(|color| [color[0], color[1], color[2]]).collect();
        let needed: usize = points.iter().product();
        if needed == 0 || values.len() < needed {
            let found = values.len();
            return Err(format!("its table has {found} colours where {needed} are needed"));
        }
        Ok(Table { points, values })
    }

    /// Between the nearest points: along the first ink linear, over the other three in the tetrahedron around the place,
    /// as littleCMS and most others do. A cube has its greys on an edge of tetrahedra, which keeps neutral colours neutral.
    fn at(&self, place: [f32; INKS]) -> [f32; 3] {
        let steps = [0, 1, 2, 3].map(|ink| step(place[ink], self.points[ink]));
        let mut strides = [1; INKS];
        for ink in (0..INKS - 1).rev() {
            strides[ink] = strides[ink + 1] * self.points[ink + 1];
        }
        let start: usize = (0..INKS).map(|ink| steps[ink].0 * strides[ink]).sum();
        // At the last point there is no next, and nothing of it is asked for.
        let next = |ink: usize| if steps[ink].1 > 0.0 { strides[ink] } else { 0 };
        let mut order = [1, 2, 3];
        order.sort_by(|&a, &b| steps[b].1.total_cmp(&steps[a].1));
        let tetrahedron = |start: usize| {
            let mut corner = start;
            let mut color = self.values[corner];
            for ink in order {
                let before = self.values[corner];
                corner += next(ink);
                let behind = self.values[corner];
                (0..3).for_each(|axis| color[axis] += (behind[axis] - before[axis]) * steps[ink].1);
            }
            color
        };
        let part = steps[0].1;
        let near = tetrahedron(start);
        if part == 0.0 {
            return near;
        }
        let far = tetrahedron(start + strides[0]);
        [0, 1, 2].map(|axis| near[axis] + (far[axis] - near[axis]) * part)
    }
}

/// What becomes black, of XYZ of all inks.
fn black_of(xyz: [f32; 3]) -> [f32; 3] {
    let share = (GREATEST_BLACK / xyz[1]).clamp(0.0, 1.0);
    [0, 1, 2].map(|axis| (xyz[axis] * share).clamp(0.0, GREATEST_BLACK * D50[axis]))
}
