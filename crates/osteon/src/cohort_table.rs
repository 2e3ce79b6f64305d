//! The long table of a chunk of people as bytes: Parquet with dictionaries, or CSV. One row for each person, arm, quantity and time.
//! The same runs give the same bytes.

use std::fs::File;
use std::io::{Read as _, Write};
use std::sync::Arc;

use osteon_report::{TIDY_COLUMNS, tidy_csv};
use osteon_sim::{ArmRun, Meta, Run};
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::Result;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type, TypePtr};

/// Forms of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Apache Parquet, strings and times as dictionaries
    Parquet,
    /// Comma-separated text
    Csv,
}

impl Format {
    /// Ending of file names.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Csv => "csv",
        }
    }
}

/// Words and texts that go into every file, so that a part can be understood on its own.
pub(crate) type Words = Vec<(String, String)>;

/// The table of some runs as CSV, with its header.
pub(crate) fn csv_bytes(title: &str, name: &str, meta: &Meta, runs: Vec<ArmRun>) -> Vec<u8> {
    let run = Run {
        title: title.to_owned(),
        scenario: name.to_owned(),
        arms: runs,
        meta: meta.clone(),
    };
    tidy_csv(&run).into_bytes()
}

/// Which of the columns hold numbers; the others are text.
fn is_number(column: &str) -> bool {
    matches!(column, "time" | "value")
}

fn schema() -> Result<TypePtr> {
    let field = |name: &str| {
        let physical = if is_number(name) {
            Physical::DOUBLE
        } else {
            Physical::BYTE_ARRAY
        };
        let builder =
            Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        let builder = if is_number(name) {
            builder
        } else {
            builder
                .with_logical_type(Some(LogicalType::String))
                .with_converted_type(ConvertedType::UTF8)
        };
        builder.build().map(Arc::new)
    };
    let fields = TIDY_COLUMNS
        .iter()
        .map(|name| field(name))
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(
        Type::group_type_builder("osteon")
            .with_fields(fields)
            .build()?,
    ))
}

fn properties(words: &Words) -> WriterPropertiesPtr {
    let said = words
        .iter()
        .map(|(key, value)| KeyValue::new(format!("osteon.{key}"), value.clone()))
        .collect();
    let builder = WriterProperties::builder()
        .set_created_by(format!("osteon {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(said))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        // Hardly any value occurs twice.
        .set_column_dictionary_enabled(ColumnPath::from("value"), false);
    // Least and greatest tell readers which parts they need not read; of other texts they would tell nothing.
    let told = ["id", "time"].into_iter().fold(builder, |builder, column| {
        builder.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Chunk)
    });
    Arc::new(told.build())
}

/// The table of some runs as a Parquet file of one row group.
pub(crate) fn parquet_bytes(name: &str, words: &Words, runs: &[ArmRun]) -> Result<Vec<u8>> {
    let mut writer = SerializedFileWriter::new(Vec::new(), schema()?, properties(words))?;
    let mut group = writer.next_row_group()?;
    for column in TIDY_COLUMNS {
        let Some(mut out) = group.next_column()? else {
            break;
        };
        if is_number(column) {
            let typed = out.typed::<DoubleType>();
            for run in runs {
                for quantity in &run.columns {
                    let numbers = if column == "time" {
                        &run.times
                    } else {
                        &quantity.values
                    };
                    typed.write_batch(numbers, None, None)?;
                }
            }
        } else {
            let typed = out.typed::<ByteArrayType>();
            let mut same = Vec::new();
            for run in runs {
                for quantity in &run.columns {
                    same.clear();
                    let text = |t: &str| ByteArray::from(t.as_bytes().to_vec());
                    match column {
                        "status" => {
                            let (ok, skipped, failed) =
                                (text("ok"), text("skipped"), text("failed"));
                            same.extend(run.status.iter().map(|s| match s {
                                osteon_sim::RowStatus::Ok => ok.clone(),
                                osteon_sim::RowStatus::Skipped => skipped.clone(),
                                osteon_sim::RowStatus::Failed => failed.clone(),
                            }));
                        }
                        _ => {
                            let word = text(match column {
                                "run" => name,
                                "arm" => &run.name,
                                "id" => run.id.as_deref().unwrap_or(""),
                                "time_unit" => "d",
                                "quantity" => &quantity.quantity,
                                _ => &quantity.unit,
                            });
                            same.resize(run.times.len(), word);
                        }
                    }
                    typed.write_batch(&same, None, None)?;
                }
            }
        }
        out.close()?;
    }
    group.close()?;
    writer.into_inner()
}

/// Puts Parquet parts one behind another: row groups are copied as they are. Words stand for the whole.
pub(crate) fn join_parquet(
    out: impl Write + Send,
    words: &Words,
    parts: impl Iterator<Item = std::io::Result<File>>,
) -> Result<()> {
    let mut writer = SerializedFileWriter::new(out, schema()?, properties(words))?;
    for part in parts {
        let part = part?;
        let meta = ParquetMetaDataReader::new().parse_and_finish(&part)?;
        for group in meta.row_groups() {
            let mut to = writer.next_row_group()?;
            for column in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: column.compressed_size() as u64,
                    rows_written: group.num_rows() as u64,
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                to.append_column(&part, close)?;
            }
            to.close()?;
        }
    }
    writer.close().map(|_| ())
}

/// Puts CSV parts one behind another, the header once.
pub(crate) fn join_csv(
    mut out: impl Write,
    parts: impl Iterator<Item = std::io::Result<File>>,
) -> std::io::Result<()> {
    for (number, part) in parts.enumerate() {
        let mut text = String::new();
        part?.read_to_string(&mut text)?;
        let body = match text.split_once('\n') {
            Some((_, rest)) if number > 0 => rest,
            _ => &text,
        };
        out.write_all(body.as_bytes())?;
    }
    out.flush()
}
