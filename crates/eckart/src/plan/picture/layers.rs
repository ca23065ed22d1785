//! Layers: boxes in rows, arrows pointing down.
//! In: the sizes of boxes, and which leads to which.  Out: a place for each box and a way for each arrow.
//! Invariant: boxes don't overlap, and no arrow runs through a box; the same input gives the same picture.
//! Not here: what the boxes are (see `scene`), tilings (see `place`).
//!
//! The layered drawing of Sugiyama, Tagawa and Toda (1981): the row of a box is the longest way to it, what passes a
//! row gets a lane in it, rows are sorted by where their neighbours are, and places are set by least squares.

use std::collections::BTreeMap;

/// Between boxes of a row.
const APART: f64 = 22.0;
/// Between rows: room for the arrows to turn.
const BETWEEN: f64 = 46.0;
/// A lane for arrows that pass a row.
const LANE: f64 = 10.0;
/// Lanes are kept straight before boxes are centred.
const LANE_WEIGHT: f64 = 4.0;
const SWEEPS: usize = 24;

/// A box's size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

/// An arrow between boxes; where it starts and ends is counted from their left edges, `None` wherever it looks best.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerEdge {
    pub from: usize,
    pub from_at: Option<f64>,
    pub to: usize,
    pub to_at: Option<f64>,
}

/// A vertical piece of an arrow; a curve leads from one to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rail {
    pub x: f64,
    pub top: f64,
    pub bottom: f64,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Laid {
    /// The upper left corner of each box.
    pub corners: Vec<(f64, f64)>,
    /// The way of each arrow.
    pub ways: Vec<Vec<Rail>>,
    pub width: f64,
    pub height: f64,
}

/// Which row each box belongs to: the longest way to it, but further down where that makes arrows shorter. `first` go
/// into the first row, `last` into the last.
pub(super) fn rows(count: usize, links: &[LayerEdge], first: &[usize], last: &[usize]) -> Vec<usize> {
    let mut rows = vec![0; count];
    let mut sorted: Vec<&LayerEdge> = links.iter().collect();
    sorted.sort_by_key(|link| (link.to, link.from));
    for link in sorted {
        rows[link.to] = rows[link.to].max(rows[link.from] + 1);
    }
    let bottom = rows.iter().copied().max().unwrap_or(0);
    for &at in last {
        rows[at] = bottom;
    }
    for at in (0..count).rev().filter(|at| !first.contains(at) && !last.contains(at)) {
        let coming = links.iter().filter(|link| link.to == at).count();
        let readers: Vec<usize> = links.iter().filter(|link| link.from == at).map(|link| rows[link.to]).collect();
        if let Some(next) = readers.iter().min().filter(|_| coming < readers.len()) {
            rows[at] = next - 1;
        }
    }
    rows
}

/// Places boxes in their rows.
pub(super) fn lay(sizes: &[Size], links: &[LayerEdge], rows: &[usize]) -> Laid {
    let mut drawing = Drawing::new(sizes, links, rows);
    drawing.sort();
    drawing.settle();
    drawing.finish(sizes, links)
}

/// A box or a lane.
#[derive(Debug, Clone, Copy)]
struct Spot {
    row: usize,
    width: f64,
    lane: bool,
    /// The middle.
    x: f64,
}

/// A piece of an arrow from one row to the next: the spots, and how far from their middles it starts and ends.
type LayerPiece = (usize, f64, usize, f64);

struct Drawing {
    /// Boxes first, then lanes.
    spots: Vec<Spot>,
    /// The spots of each row, from the left.
    order: Vec<Vec<usize>>,
    pieces: Vec<LayerPiece>,
    /// The spots of each arrow.
    ways: Vec<Vec<usize>>,
}

impl Drawing {
    fn new(sizes: &[Size], links: &[LayerEdge], rows: &[usize]) -> Self {
        let boxes = sizes.iter().zip(rows).map(|(size, &row)| Spot { row, width: size.width, lane: false, x: 0.0 });
        let mut spots: Vec<Spot> = boxes.collect();
        let mut pieces: Vec<LayerPiece> = Vec::new();
        let mut ways = Vec::new();
        // Arrows from one place share their lanes.
        let mut lanes: BTreeMap<(usize, u64, usize), usize> = BTreeMap::new();
        for link in links {
            let off = |at: Option<f64>, item: usize| at.map_or(0.0, |at| at - sizes[item].width / 2.0);
            let mut way = vec![link.from];
            let mut add = |piece: LayerPiece| {
                if !pieces.contains(&piece) {
                    pieces.push(piece);
                }
            };
            let mut start = off(link.from_at, link.from);
            for row in rows[link.from] + 1..rows[link.to] {
                let key = (link.from, start_key(link), row);
                let lane = *lanes.entry(key).or_insert_with(|| {
                    spots.push(Spot { row, width: LANE, lane: true, x: 0.0 });
                    spots.len() - 1
                });
                add((way[way.len() - 1], start, lane, 0.0));
                way.push(lane);
                start = 0.0;
            }
            add((way[way.len() - 1], start, link.to, off(link.to_at, link.to)));
            way.push(link.to);
            ways.push(way);
        }
        let count = rows.iter().copied().max().map_or(0, |row| row + 1);
        let mut order = vec![Vec::new(); count];
        for (at, spot) in spots.iter().enumerate() {
            order[spot.row].push(at);
        }
        Self { spots, order, pieces, ways }
    }

    /// Sorts rows so that few arrows cross.
    fn sort(&mut self) {
        for row in 0..self.order.len() {
            self.place(row, |_| 0.0);
        }
        let mut best = (self.crossings(), self.order.clone());
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            for row in self.rows(down) {
                let wanted = self.wanted(down, !down);
                self.order[row].sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(a.cmp(b)));
                self.place(row, |spot| wanted[spot]);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    /// Moves spots below and above their neighbours, in the order found.
    fn settle(&mut self) {
        for row in 0..self.order.len() {
            self.place(row, |_| 0.0);
        }
        for sweep in 0..SWEEPS {
            let (down, last) = (sweep % 2 == 0, sweep + 4 >= SWEEPS);
            for row in self.rows(down) {
                let wanted = self.wanted(down || last, !down || last);
                self.place(row, |spot| wanted[spot]);
            }
        }
    }

    /// All rows, from the top down or from the bottom up.
    fn rows(&self, down: bool) -> Vec<usize> {
        let count = self.order.len();
        (0..count).map(|row| if down { row } else { count - 1 - row }).collect()
    }

    /// Where each spot would best be for its neighbours above or below; where it is, without any.
    fn wanted(&self, above: bool, below: bool) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.spots.len()];
        for &(upper, start, lower, end) in &self.pieces {
            let weight = if self.spots[upper].lane && self.spots[lower].lane { LANE_WEIGHT } else { 1.0 };
            if above {
                sums[lower].0 += weight * (self.spots[upper].x + start - end);
                sums[lower].1 += weight;
            }
            if below {
                sums[upper].0 += weight * (self.spots[lower].x + end - start);
                sums[upper].1 += weight;
            }
        }
        sums.iter().zip(&self.spots).map(|((sum, n), spot)| if *n > 0.0 { sum / n } else { spot.x }).collect()
    }

    /// Places a row's spots as near as can be to where they are wanted: least squares under the order and the
    /// distances, by pooling neighbours that would overlap.
    fn place(&mut self, row: usize, wanted: impl Fn(usize) -> f64) {
        let mut offset = 0.0;
        let mut offsets = Vec::new();
        // Each pool: weighted sum, weight, how many.
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        for (k, &at) in self.order[row].iter().enumerate() {
            let spot = self.spots[at];
            if k > 0 {
                let before = self.spots[self.order[row][k - 1]];
                offset += (before.width + spot.width) / 2.0 + APART;
            }
            offsets.push(offset);
            let weight = if spot.lane { LANE_WEIGHT } else { 1.0 };
            pools.push((weight * (wanted(at) - offset), weight, 1));
            while let [.., a, b] = pools[..]
                && a.0 / a.1 > b.0 / b.1
            {
                pools.truncate(pools.len() - 2);
                pools.push((a.0 + b.0, a.1 + b.1, a.2 + b.2));
            }
        }
        let means = pools.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count));
        for ((&at, mean), offset) in self.order[row].iter().zip(means).zip(offsets) {
            self.spots[at].x = mean + offset;
        }
    }

    fn crossings(&self) -> usize {
        let ends = |piece: &LayerPiece| (self.spots[piece.0].x + piece.1, self.spots[piece.2].x + piece.3);
        let mut count = 0;
        for (k, a) in self.pieces.iter().enumerate() {
            for b in self.pieces[k + 1..].iter().filter(|b| self.spots[b.0].row == self.spots[a.0].row) {
                let ((a0, a1), (b0, b1)) = (ends(a), ends(b));
                count += usize::from((a0 - b0) * (a1 - b1) < 0.0);
            }
        }
        count
    }

    fn finish(&self, sizes: &[Size], links: &[LayerEdge]) -> Laid {
        let left = self.spots.iter().map(|s| s.x - s.width / 2.0).fold(f64::INFINITY, f64::min);
        let left = if left.is_finite() { left } else { 0.0 };
        let width = self.spots.iter().map(|s| s.x + s.width / 2.0 - left).fold(0.0, f64::max);
        let mut heights = vec![0.0_f64; self.order.len()];
        for (spot, size) in self.spots.iter().zip(sizes) {
            heights[spot.row] = heights[spot.row].max(size.height);
        }
        let mut tops = Vec::new();
        let mut y = 0.0;
        for height in &heights {
            tops.push(y);
            y += height + BETWEEN;
        }
        let corner = |at: usize| (self.spots[at].x - self.spots[at].width / 2.0 - left, tops[self.spots[at].row]);
        let ends = self.ends(links);
        let ways = self.ways.iter().zip(links).zip(ends).map(|((way, link), end)| {
            let rail = |(k, &at): (usize, &usize)| {
                let (row, x) = (self.spots[at].row, self.spots[at].x - left);
                let (top, bottom) = (tops[row], tops[row] + heights[row]);
                if k == 0 {
                    let x = link.from_at.map_or(x, |from| corner(at).0 + from);
                    Rail { x, top: top + sizes[at].height, bottom }
                } else if k + 1 == way.len() {
                    Rail { x: end - left, top, bottom: top }
                } else {
                    Rail { x, top, bottom }
                }
            };
            way.iter().enumerate().map(rail).collect()
        });
        Laid {
            corners: (0..sizes.len()).map(corner).collect(),
            ways: ways.collect(),
            width,
            height: (y - BETWEEN).max(0.0),
        }
    }

    /// Where each arrow meets its last box: in the order in which they come, spread over the middle of the box.
    fn ends(&self, links: &[LayerEdge]) -> Vec<f64> {
        let mut coming: BTreeMap<usize, Vec<(f64, usize)>> = BTreeMap::new();
        let mut ends: Vec<f64> = Vec::new();
        for (k, (link, way)) in links.iter().zip(&self.ways).enumerate() {
            let last = self.spots[link.to];
            ends.push(link.to_at.map_or(last.x, |at| last.x - last.width / 2.0 + at));
            if link.to_at.is_none() {
                coming.entry(link.to).or_default().push((self.spots[way[way.len() - 2]].x, k));
            }
        }
        for (to, mut from) in coming {
            from.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let (spot, count) = (self.spots[to], from.len());
            let room = spot.width / 2.0 - 14.0;
            if let [(x, k)] = from[..] {
                ends[k] = x.clamp(spot.x - room, spot.x + room);
                continue;
            }
            for (place, (_, k)) in from.into_iter().enumerate() {
                let share = (place as f64 + 0.5) / count as f64 - 0.5;
                ends[k] = spot.x + share * room.min(30.0 * count as f64);
            }
        }
        ends
    }
}

fn start_key(link: &LayerEdge) -> u64 {
    link.from_at.unwrap_or(-1.0).to_bits()
}
