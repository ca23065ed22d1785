//! Earlier names of options, which go on working and are shown nowhere.

use eckart::Code;
use serde_json::Value;

use crate::command::Desk;

/// Checks that two command lines find the same; `{digits}` is the example's path.
#[track_caller]
fn same(desk: &Desk, later: &str, earlier: &str) {
    let found = |words: &str| {
        let mut object = desk.json(words, &[]);
        let times = ["load_seconds", "fit_seconds", "peak_bytes", "starts"];
        times.iter().for_each(|key| object[key] = Value::Null);
        object
    };
    assert_eq!(found(later), found(earlier), "{later}\n{earlier}");
}

#[test]
fn earlier_names_of_settings_go_on_working() {
    let desk = Desk::new();
    desk.json("fit {digits} --model nmf --rank 3 -n 2 -o m.safetensors", &[]);
    let fit = "fit {digits} --rank 3 -n 4 --model";
    same(&desk, &format!("{fit} nmf --method hals"), &format!("{fit} nmf --solver hals"));
    same(&desk, &format!("{fit} mf --param lambda=3"), &format!("{fit} mf --set lambda=3"));
    same(&desk, &format!("{fit} nmf --n-init 2 -s 3"), &format!("{fit} nmf --restarts 2 -s 3"));
    let halving = "fit {digits} --rank 3 --model nmf --n-init 3 --max-iter 30 --tol 0";
    same(&desk, &format!("{halving} --successive-halving"), &format!("{halving} --halving"));
    for (later, earlier) in [("init-from", "start"), ("fix", "hold")] {
        let given = "H=m.safetensors";
        same(&desk, &format!("{fit} nmf --{later} {given}"), &format!("{fit} nmf --{earlier} {given}"));
    }
}

#[test]
fn earlier_names_of_files_and_formats_go_on_working() {
    let desk = Desk::new();
    desk.file("x.csv", "r,5,2\n1,3,4\n2,6,1\n").file("three.txt", "a\nb\nc\n").file("two.txt", "a\nb\n");
    desk.file("list.csv", "1,1,4\n1,2,2\n2,1,5\n2,3,1\n3,2,3\n").file("y.csv", "1,2\n3,4\n5,7\n");
    let fit = "--model mf --rank 1 -n 3";
    same(&desk, &format!("fit list.csv --format coo {fit}"), &format!("fit list.csv --triplets {fit}"));
    same(&desk, &format!("fit list.csv --format table {fit}"), &format!("fit list.csv --triplets=false {fit}"));
    same(&desk, &format!("fit y.csv --row-names three.txt {fit}"), &format!("fit y.csv --rows three.txt {fit}"));
    same(&desk, &format!("fit y.csv --col-names two.txt {fit}"), &format!("fit y.csv --cols two.txt {fit}"));
    same(&desk, &format!("fit y.csv --col-names two.txt {fit}"), &format!("fit y.csv --vocab two.txt {fit}"));
    for (later, earlier) in [
        ("--index-col", "--row-names"),
        ("--index-col", "--row-names true"),
        ("--index-col=false", "--row-names=false"),
        ("--index-col=false", "--row-names false"),
        ("--index-col=false", "--index-col false"),
    ] {
        same(&desk, &format!("fit x.csv --header {later} {fit}"), &format!("fit x.csv --header true {earlier} {fit}"));
        same(&desk, &format!("fit --header {later} x.csv {fit}"), &format!("fit --header {earlier} x.csv {fit}"));
    }
    let later = "fit x.csv --index-col -r 1 --header --model mf -n 3";
    same(&desk, later, "fit x.csv --row-names -r 1 --header --model mf -n 3");
}

#[test]
fn earlier_names_in_other_commands_go_on_working() {
    let desk = Desk::new();
    desk.file("r.csv", "user,item,rating\na,x,1\na,y,2\nb,x,3\nb,y,1\nc,x,2\nc,z,4\n");
    desk.prints("fit r.csv --model ratings --param lambda=0.1 --rank 1 -n 20 -q -o m.safetensors", &[]);
    desk.file("rows.txt", "p\nq\nr\n").file("cols.txt", "x\ny\nz\n").file("new.csv", "1,2,3\n2,1,1\n4,,2\n");
    let recommend = "recommend m.safetensors --user a";
    same(&desk, &format!("{recommend} --train r.csv"), &format!("{recommend} --data r.csv"));
    let evaluate = "evaluate r.csv --model ratings --param lambda=0.1 --rank 1 -n 3";
    same(&desk, &format!("{evaluate} --holdout 0.3"), &format!("{evaluate} --split 0.3"));
    let test = "evaluate m.safetensors r.csv";
    same(&desk, &format!("{test} --train r.csv"), &format!("{test} --known r.csv"));
    let transform = "transform m.safetensors new.csv";
    same(
        &desk,
        &format!("{transform} --row-names rows.txt --col-names cols.txt"),
        &format!("{transform} --rows rows.txt --cols cols.txt"),
    );
    let page = |option: &str| desk.prints(&format!("report m.safetensors r.csv -o - {option} words"), &[]);
    assert_eq!(page("--plot"), page("--show"));
}

#[test]
fn earlier_names_are_shown_nowhere() {
    let desk = Desk::new();
    let earlier =
        ["solver", "set", "restarts", "start", "hold", "show", "halving", "triplets", "rows", "cols", "split"];
    for command in ["fit", "explain", "transform", "recommend", "similar", "evaluate", "report"] {
        let help = desk.prints(&format!("{command} --help"), &[]);
        for name in earlier {
            assert!(!help.split([' ', '\n', ',', '=', '[']).any(|word| word == format!("--{name}")), "{name}: {help}");
        }
    }
    let said = desk.run("fit x.csv --rank 1 --known y.csv", &[]);
    assert!(said.err.starts_with(&format!("error[{}]: ", Code::UnknownOption)), "{}", said.err);
}
