//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cohort_table::Format;
use crate::model_file::{ConvertArguments, CourseArguments};

/// A calibrated simulator of how magnesium, calcium, phosphate, vitamin D and their hormones make, keep and lose human bone.
///
/// For research and teaching; not medical advice. Results go to stdout, messages to stderr. Exit codes: 0 done, 1 the run or
/// check failed, 2 wrong use.
#[derive(Debug, Parser)]
#[command(name = "osteon", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Project folder whose body/, library/, scenarios/ and studies/ replace the embedded ones
    /// [default: the present folder, if it holds body/body.ant]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario: summary, table (CSV) and figure (SVG, PNG); or a model file (.ant, .xml): a plain time course
    Run(RunArguments),
    /// Turn a model from Antimony into SBML or back
    Convert(ConvertArguments),
    /// Join the parts of a run of many people (one folder, or one for each shard) into one file
    Merge(MergeArguments),
    /// Everything about a name: a library entry with its numbers, conversions and sources, a symbol of the body, or what a scenario does in order of time
    Explain(ExplainArguments),
    /// Check a body, scenario, study or library: every fault at once, with its place and a remedy
    Check(CheckArguments),
    /// List what there is, one a line, the name first
    List {
        /// What to list
        #[arg(default_value = "scenarios")]
        what: Shelf,
    },
    /// The laboratory panel on any state of a scenario: values, units, reference intervals, errors of measurement
    Labs(LabsArguments),
    /// Judge the body by published studies
    Studies(StudiesArguments),
    /// Answer every claim of the evidence from the verdicts of the rows it names (docs/claims.md)
    Claims(ClaimsArguments),
    /// Write the model book: the body, or any model, as linked HTML pages (docs/doc.md)
    Doc(DocArguments),
    /// Tell a scenario as one HTML page: person, courses, laboratory, outlook, why, assumptions, sources (docs/report.md)
    Report(ReportArguments),
    /// Fit parameters of the body to study rows that may be used for it
    Fit(FitArguments),
    /// What matters: every parameter to the ends of its range, one at a time
    Sensitivity(SensitivityArguments),
    /// Why something changed: a change of any output taken apart over the pathways of the body (docs/why.md)
    Why(WhyArguments),
    /// Match a person to laboratory values, then run on with what is known of them (docs/match.md)
    Match(MatchArguments),
    /// The least of food, supplements and habits that restores and holds goals within safe limits (docs/protocol.md)
    Protocol(ProtocolArguments),
    /// Where an element comes from and where it goes in a day, before and after (docs/why.md)
    Flux(FluxArguments),
    /// Draw the figures that a folder of small TOML files describes (docs/gallery/README.md)
    Gallery(GalleryArguments),
    /// Count where the body's numbers come from, and keep the counts
    Origins(OriginsArguments),
    /// Everything of the body that the outside may move: inputs, switches, dose states (docs/body-inputs.md)
    Inputs(InputsArguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shelf {
    Scenarios,
    Quantities,
    Library,
    Supplements,
    Drugs,
    Conditions,
    Activities,
    Foods,
    Diets,
    Tests,
    Studies,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockChoice {
    /// As the scenario says
    Auto,
    /// Day-averaged intake
    Averaged,
    /// Meals and doses by the clock
    Meals,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// A scenario file, the name of an embedded scenario, or a model file (.ant, .xml)
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) course: CourseArguments,
    /// A table of people (CSV, docs/people.md): everybody goes through the scenario, on all cores
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Option<PathBuf>,
    /// A table of events (NONMEM form, docs/people.md): doses, samples and covariates of single people
    #[arg(long, value_name = "FILE", requires = "people")]
    pub(crate) events: Option<PathBuf>,
    /// How many threads run people [default: all cores]
    #[arg(long, value_name = "N", requires = "people")]
    pub(crate) threads: Option<usize>,
    /// Run only the k-th of N parts of the people, for clusters; `osteon merge` joins them
    #[arg(long, value_name = "k/N", requires = "people")]
    pub(crate) shard: Option<String>,
    /// Form of the table of people's results
    #[arg(long, value_enum, default_value = "parquet")]
    pub(crate) format: Format,
    /// Where the table and the figure go [default: a folder of the scenario's name in out/]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Show units of the laboratories of the United States
    #[arg(long, conflicts_with = "si")]
    pub(crate) us: bool,
    /// Show SI units (the default)
    #[arg(long)]
    pub(crate) si: bool,
    /// Record these quantities instead of the scenario's
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) quantities: Vec<String>,
    /// Record at this interval, for example "1 d" or "10 min"
    #[arg(long, value_name = "TIME")]
    pub(crate) every: Option<String>,
    /// How intake is given
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) clock: ClockChoice,
    /// Integrate only some of the days of a strictly periodic regimen and take the others from the drift between them (docs/skipping.md)
    #[arg(long)]
    pub(crate) skip_days: bool,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Write the run as JSON to stdout instead of the summary; files are written only with -o
    #[arg(long)]
    pub(crate) json: bool,
    /// Run in N plausible bodies as well and show bands: 5, 50 and 95 % of them [default N: 100]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) bands: Option<u32>,
    /// Seed of the plausible bodies
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Of the plausible bodies, keep only those whose healthy adult stays inside the reference intervals at rest
    #[arg(long, requires = "bands")]
    pub(crate) healthy: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LabsArguments {
    /// A scenario file, or the name of an embedded scenario
    pub(crate) scenario: String,
    /// When blood is drawn, for example "5 a" (may stand several times) [default: the end of the record]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) at: Vec<String>,
    /// Only this arm
    #[arg(long)]
    pub(crate) arm: Option<String>,
    /// Units of the laboratories of the United States first
    #[arg(long)]
    pub(crate) us: bool,
    /// Write the panels as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but the panels
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SensitivityArguments {
    /// A study, or a scenario by name or file
    pub(crate) of: Option<String>,
    /// All studies
    #[arg(long, conflicts_with = "of")]
    pub(crate) all: bool,
    /// Parameters shown for each output
    #[arg(long, default_value_t = 15, value_name = "N")]
    pub(crate) top: usize,
    /// Write all numbers as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw a tornado for each study or scenario into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
    /// With --all, write the page (Markdown): what matters for what, what the studies determine, and what would teach the body most
    #[arg(long, value_name = "FILE", requires = "all")]
    pub(crate) write: Option<PathBuf>,
    /// With --all, write the table that bands draw from (body/fits/joint.tsv)
    #[arg(long, value_name = "FILE", requires = "all")]
    pub(crate) joint: Option<PathBuf>,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// A scenario file, or the name of an embedded scenario
    pub(crate) scenario: String,
    /// Quantity that changed, for example hip.BMD
    #[arg(long)]
    pub(crate) quantity: String,
    /// When, for example "5 a" [default: the end of the scenario]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Which arm [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) arm: Option<String>,
    /// Compared with its own start, or with another arm at the same time
    #[arg(long, value_name = "start|ARM")]
    pub(crate) against: Option<String>,
    /// Seed of the orders that are drawn when many pathways matter
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write the decomposition as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw it into this file as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Draw it into this file as PNG
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    /// The person's scenario: a file, or the name of an embedded scenario
    pub(crate) scenario: Option<String>,
    /// Laboratory values at the beginning of the scenario: quantity,value,unit and, where the library does not know it, cv (%)
    #[arg(long, value_name = "FILE")]
    pub(crate) labs: Option<PathBuf>,
    /// One value, for example "serum.Mg = 0.68 mmol/L"; "± 4 %" may follow
    #[arg(long, value_name = "VALUE")]
    pub(crate) measured: Vec<String>,
    /// People drawn from those whom the measurements allow, for the bands
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) draws: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Draw N people, measure and match them, and count how often the stated 90 % intervals hold the truth
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub(crate) self_test: Option<u32>,
    /// Write table, bands and figure into this folder
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Write everything as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProtocolArguments {
    /// The person's scenario: a file, or the name of an embedded scenario; its first arm is who they are
    pub(crate) scenario: String,
    /// What is wanted, for example "serum.Mg 0.85..0.95 mmol/L"; an end may be open ("0.85..")
    #[arg(long = "goal", value_name = "GOAL", required = true)]
    pub(crate) goals: Vec<String>,
    #[command(flatten)]
    pub(crate) search: SearchArguments,
    /// Draw the trade-off front and the courses into this file as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Draw them into this file as PNG
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
    /// Seed of the plausible bodies
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write everything as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// How a protocol is searched.
#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// Time to reach the goals in, and until which they are to be held
    #[arg(long, value_name = "TIME", default_value = "1 a")]
    pub(crate) within: String,
    /// Consider this as well: a supplement with its dose ("magnesium glycinate 200 mg") or an activity
    #[arg(long = "with", value_name = "WHAT")]
    pub(crate) asked: Vec<String>,
    /// What something asks of this person: "exercise = 0.5" halves the efforts of a lever of library/protocol.toml, the words of a
    /// choice set its effort (1 is one pill a day for good)
    #[arg(long = "weight", value_name = "NAME = NUMBER")]
    pub(crate) weight: Vec<String>,
    /// The same from a file: lines NAME = NUMBER (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Plausible bodies in which the protocol is tried, or people whom measured values allow
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) samples: u32,
}

#[derive(Debug, Args)]
pub(crate) struct FluxArguments {
    /// A scenario file, or the name of an embedded scenario
    pub(crate) scenario: String,
    /// A nutrient or chemical symbol, for example magnesium or Ca
    #[arg(long)]
    pub(crate) element: String,
    /// End of the later day, for example "5 a" [default: the end of the scenario]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Which arm [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) arm: Option<String>,
    /// Write both days as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw them into this file as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Draw them into this file as PNG
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GalleryArguments {
    /// Folder of figure files
    #[arg(default_value = "docs/gallery")]
    pub(crate) folder: PathBuf,
    /// Only these figures
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OriginsArguments {
    /// Add a line to this history, unless its last line is of the same body
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InputsArguments {
    /// Put the tables into this page (docs/body-inputs.md) instead of showing them
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A scenario file, or the name of an embedded scenario
    pub(crate) scenario: String,
    /// A table of people (CSV)
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Option<PathBuf>,
    /// A table of events
    #[arg(long, value_name = "FILE", requires = "people")]
    pub(crate) events: Option<PathBuf>,
    /// Whose schedule, by ID [default: the first]
    #[arg(long, value_name = "ID", requires = "people")]
    pub(crate) person: Option<String>,
    /// Which arm [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) arm: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// Folders written by `osteon run --people`
    #[arg(required = true)]
    pub(crate) folders: Vec<PathBuf>,
    /// The file to write, ending in .parquet or .csv like the parts
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// A model (.ant, .xml, .sbml), a scenario or library file (.toml), or a study folder [default: the body and its library]
    pub(crate) file: Option<String>,
    /// Ask more: sources and origins everywhere
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the findings as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StudiesArguments {
    /// A study folder, a folder of studies, or the name of an embedded study [default: all embedded ones]
    pub(crate) path: Option<String>,
    /// Write the rows as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw a figure for each study and an overview into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
    /// Rewrite verdicts.tsv with what comes out now
    #[arg(long)]
    pub(crate) record: bool,
    /// Ask instead how many measured numbers fall into the bands of N plausible bodies [default N: 100]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100", conflicts_with_all = ["record", "json"], value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub(crate) bands: Option<u32>,
    /// Seed of the plausible bodies
    #[arg(long, default_value_t = 1, requires = "bands")]
    pub(crate) seed: u64,
    /// With --bands, write the page (Markdown)
    #[arg(long, value_name = "FILE", requires = "bands")]
    pub(crate) write: Option<PathBuf>,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ClaimsArguments {
    /// Only these claims, by their row
    #[arg(long, value_name = "N,M", value_delimiter = ',')]
    pub(crate) row: Vec<u32>,
    /// Write the answers as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Check the table and what it names; run nothing
    #[arg(long, conflicts_with = "json")]
    pub(crate) check: bool,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DocArguments {
    /// A model file (.ant, .xml) [default: the body with its sources, studies and fits]
    pub(crate) model: Option<PathBuf>,
    /// Where the pages go; index.html is the first
    #[arg(short, long, value_name = "DIR", default_value = "book")]
    pub(crate) output: PathBuf,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// A scenario file, or the name of an embedded scenario or study
    pub(crate) scenario: String,
    /// The page [default: NAME.html in out/NAME/]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the report as JSON to stdout; the page is written only with -o
    #[arg(long)]
    pub(crate) json: bool,
    /// Take the changes of these quantities apart [default: the one that changes most]
    #[arg(long, value_name = "QUANTITY", conflicts_with = "quick")]
    pub(crate) why: Vec<String>,
    /// Lay the measurements of these studies into the plots [default: the study itself, if the scenario is one's]
    #[arg(long, value_name = "NAME")]
    pub(crate) study: Vec<String>,
    /// Run in N plausible bodies as well and show bands: 5, 50 and 95 % of them [default N: 100]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) bands: Option<u32>,
    /// Seed of the plausible bodies
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Leave out what takes many runs: why, and the assumptions that matter
    #[arg(long)]
    pub(crate) quick: bool,
    /// Search the least that reaches this, for the first arm's person (as `osteon protocol`), and tell it
    #[arg(long = "goal", value_name = "GOAL")]
    pub(crate) goals: Vec<String>,
    #[command(flatten)]
    pub(crate) search: SearchArguments,
    /// Say nothing but faults
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FitArguments {
    /// The fit: which parameters, which studies (docs/fit.md)
    pub(crate) file: PathBuf,
    /// Run the fit again and compare with the values in the body; write nothing
    #[arg(long)]
    pub(crate) check: bool,
    /// Write the fitted values into the body as well
    #[arg(long, conflicts_with = "check")]
    pub(crate) accept: bool,
    /// Where the result goes [default: beside the file, ending in .result.toml]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say nothing but the result
    #[arg(short, long)]
    pub(crate) quiet: bool,
}
