use eckart::{Problem, Result, Settings, data};

fn main() -> Result<()> {
    let x = data::read("../../examples/data/digits/images.npy", &data::ReadOptions::default())?;
    let settings = Settings {
        method: Some("derived".into()),
        n_init: Some(2),
        seed: 3,
        max_iter: 7,
        tol: 3e-5,
        target: Some(1.5),
        ..Settings::default()
    };
    let fit = Problem::parse("minimize sum((X - W @ H)**2) + a * sum(abs(W)) subject to W >= 0")?
        .data("X", x)
        .param("a", 0.5)
        .rank(4)
        .solve(&settings)?;
    println!("{}", fit.cost); // 1245256.7644157452
    Ok(())
}
