//! Components are called as the factors that were given call them, wherever they are shown.

use eckart::apply::consensus;
use eckart::report::Report;
use eckart::solve::{load_factors, numbered_components, save_factors, show};
use eckart::{Code, Factorization, FoldIn, Init, Matrix, Problem, Settings, Table};

fn names(text: &str) -> Option<Vec<String>> {
    (text != "-").then(|| text.split(", ").map(str::to_owned).collect())
}

fn table((rows, cols): (usize, usize), row_names: &str, col_names: &str) -> Table {
    let entry = |i: usize, j: usize| 0.2 + ((3 * i + 5 * j) % 7) as f64;
    Table::named(Matrix::from_fn(rows, cols, entry).unwrap(), names(row_names), names(col_names))
}

const CELLS: &str = "B cells, T cells";
const NMF: &str = "sum((X - W @ H)**2) subject to W >= 0, H >= 0";

fn problem(text: &str) -> Problem {
    Problem::parse(text).unwrap().data("X", table((6, 5), "-", "a, b, c, d, e")).rank(2)
}

fn solve(problem: &Problem) -> Factorization {
    problem.solve(&Settings { max_iter: 20, ..Settings::default() }).unwrap()
}

fn of<'a>(f: &'a Factorization, factor: &str) -> Option<&'a [String]> {
    f.components_of(factor)
}

#[test]
fn a_factor_that_is_given_names_the_components_of_all() {
    for given in [
        problem(NMF).fix("W", table((6, 2), "-", CELLS)),
        problem(NMF).init_from("W", table((6, 2), "-", CELLS)),
        problem(NMF).fix("H", table((2, 5), CELLS, "-")),
        problem(NMF).fix("H", table((2, 5), CELLS, "-")).init_from("W", table((6, 2), "-", CELLS)),
    ] {
        let f = solve(&given);
        assert_eq!((of(&f, "W"), of(&f, "H")), (names(CELLS).as_deref(), names(CELLS).as_deref()));
        let (w, h) = (f.table("W").unwrap(), f.table("H").unwrap());
        assert_eq!((w.row_names, w.col_names), (None, names(CELLS)));
        assert_eq!((h.row_names, h.col_names), (names(CELLS), names("a, b, c, d, e")));
    }
    // A factor that lies across, and one between two others.
    let text = "over W[n,p], S[p,q], V[m,q]: sum((X - W @ S @ V.T)**2)";
    let three = problem(text).param("p", 2.0).param("q", 3.0);
    let f = solve(&three.fix("W", table((6, 2), "-", CELLS)).fix("V", table((5, 3), "-", "u, v, w")));
    let (s, v) = (f.table("S").unwrap(), f.table("V").unwrap());
    assert_eq!((s.row_names, s.col_names), (names(CELLS), names("u, v, w")));
    assert_eq!((v.row_names, v.col_names), (names("a, b, c, d, e"), names("u, v, w")));
}

#[test]
fn names_decide_which_components_are_the_same() {
    let w = table((6, 2), "-", CELLS);
    let h = table((2, 5), CELLS, "-");
    let turned = Table::named(h.matrix.select_rows(&[1, 0]).unwrap(), names("T cells, B cells"), None);
    let cost = |w: &Table, h: &Table| {
        let f = problem(NMF).fix("H", h).init_from("W", w).solve(&Settings { max_iter: 0, ..Settings::default() });
        let f = f.unwrap();
        (f.cost, of(&f, "W").map(<[String]>::to_vec))
    };
    assert_eq!(cost(&w, &h), (cost(&w, &turned).0, names(CELLS)));
    assert_eq!(cost(&w, &turned).1, names("T cells, B cells"), "in the order of what is fixed");
    let strangers = table((2, 5), "B cells, NK cells", "-");
    let error = problem(NMF).fix("H", &strangers).init_from("W", &w).bind().unwrap_err();
    assert_eq!(error.code(), Code::NamesDiffer);
    // By position they are those of the first.
    let by_position = problem(NMF).fix("H", strangers).init_from("W", w).match_by(eckart::data::Matching::Position);
    assert_eq!(of(&solve(&by_position), "W"), names("B cells, NK cells").as_deref());
}

/// Nothing is said of components that no given factor names, or that come from another start than the one given.
#[test]
fn components_of_random_starts_have_no_names() {
    let text = |f: &Factorization| String::from_utf8_lossy(&f.to_bytes().unwrap()).contains("component_names");
    let f = solve(&problem(NMF));
    assert!(f.component_names.is_empty() && !text(&f));
    // Of further data the columns are no components.
    let beside = problem("sum((X - W @ H)**2) + sum((Y - W @ K)**2)").data("Y", table((6, 2), "-", CELLS));
    assert!(solve(&beside).component_names.is_empty());
    assert!(solve(&beside.fix("W", table((6, 2), "-", "-"))).component_names.is_empty());
    // What tables call components without names is none.
    let numbered = numbered_components(2).join(", ");
    let f = solve(&problem(NMF).fix("W", table((6, 2), "-", &numbered)));
    assert!(f.component_names.is_empty() && !text(&f));
    // A start that is far away loses to a random one.
    let far = Matrix::from_fn(6, 2, |_, _| 1e6).unwrap();
    let given = problem(NMF).init_from("W", Table::named(far, None, names(CELLS)));
    let given = given.init_from("H", Matrix::from_fn(2, 5, |_, _| 1.0).unwrap());
    let settings = Settings { max_iter: 0, init: Init::Random, ..Settings::default() };
    let f = given.solve(&settings).unwrap();
    assert_eq!(of(&f, "H"), names(CELLS).as_deref());
    let f = given.solve(&Settings { n_init: Some(3), ..settings.clone() }).unwrap();
    assert!(f.best != 0 && f.component_names.is_empty(), "{}", f.best);
    // What is fixed holds in every start.
    let h = table((2, 5), CELLS, "-");
    let f = problem(NMF).fix("H", h).solve(&Settings { n_init: Some(3), keep_starts: true, ..settings }).unwrap();
    assert_eq!(of(&f, "W"), names(CELLS).as_deref());
}

#[test]
fn a_consensus_has_the_names_of_the_start_whose_components_it_matches() {
    let given = problem(NMF).init_from("W", table((6, 2), "-", CELLS));
    let settings = Settings { n_init: Some(3), keep_starts: true, max_iter: 200, ..Settings::default() };
    let mut f = given.solve(&settings).unwrap();
    f.component_names = solve(&given).component_names;
    let agreed = consensus(&f).unwrap().refit(&given, &f, &settings).unwrap();
    assert_eq!((of(&agreed, "W"), of(&agreed, "H")), (names(CELLS).as_deref(), names(CELLS).as_deref()));
    // So has one whose factor of the components was given a start.
    let begun = problem(NMF).init_from("H", table((2, 5), CELLS, "-"));
    let mut f_begun = begun.solve(&settings).unwrap();
    f_begun.component_names = solve(&begun).component_names;
    let found = consensus(&f_begun).unwrap();
    let agreed = found.refit(&begun, &f_begun, &settings).unwrap();
    assert_eq!(agreed.factor("H").unwrap().values_f64(), found.components.values_f64());
    assert_eq!(of(&agreed, "H"), names(CELLS).as_deref());
    f.component_names.clear();
    let agreed = consensus(&f).unwrap().refit(&given, &f, &settings).unwrap();
    assert!(agreed.component_names.is_empty());
}

#[test]
fn names_of_components_are_in_files_and_on_pages() {
    let folder = tempfile::tempdir().unwrap();
    let (path, new) = (folder.path().join("m.safetensors"), folder.path().join("new.safetensors"));
    let evil = "B <b>cells</b>, \"T\" cells";
    let f = solve(&problem(NMF).fix("W", table((6, 2), "-", evil)));
    f.save(&path).unwrap();
    let read = Factorization::load(&path).unwrap();
    assert_eq!(read.component_names, f.component_names);
    let shown: serde_json::Value = serde_json::from_str(&show(&path).unwrap().to_json()).unwrap();
    assert_eq!(shown["factors"][1]["component_names"], serde_json::json!({ "rows": names(evil), "columns": null }));
    let h = load_factors(&path).unwrap().remove(1).1;
    assert_eq!((h.row_names, h.col_names), (names(evil), names("a, b, c, d, e")));
    // Factors of new rows: as many as there are components, so that only names tell rows from components.
    let rows = Matrix::from_fn(2, 5, |i, j| (1 + i + j) as f64).unwrap();
    let folded = FoldIn::new(&read).unwrap().transform(&rows).unwrap();
    save_factors(&new, &read, &folded.factors, names("r, s").as_deref()).unwrap();
    let w = load_factors(&new).unwrap().remove(0).1;
    assert_eq!((w.row_names, w.col_names), (names("r, s"), names(evil)));
    let shown: serde_json::Value = serde_json::from_str(&show(&new).unwrap().to_json()).unwrap();
    assert_eq!(shown["factors"][0]["component_names"]["columns"], serde_json::json!(names(evil)));
    let page = Report::new(&read).to_html().unwrap();
    assert!(page.contains("B &lt;b&gt;cells&lt;/b&gt;") && !page.contains("Component 1"));
    let mut damaged = read.clone();
    damaged.component_names.get_mut("H").unwrap()[0] = names("one");
    assert_eq!(damaged.save(&path).unwrap_err().code(), Code::NotAModel);
    damaged.component_names = [("Q".to_owned(), [None, None])].into();
    assert_eq!(damaged.to_bytes().unwrap_err().code(), Code::NotAModel);
}
