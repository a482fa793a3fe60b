//! What failed for good, which is to be asked again all the same.

use rusqlite::{Connection, Result};

use super::events;

/// The requests that are asked again: those that ended otherwise than with a response, in jobs of which
/// all is in the file, and that the run can send.
const CHOOSE: &str = "CREATE TEMP TABLE failed AS
    SELECT o.request, o.job, o.kind, o.code, o.message, j.generation
    FROM outcomes o JOIN requests r ON r.id = o.request JOIN jobs j ON j.id = o.job
    WHERE o.kind <> 'response' AND j.state IN ('read', 'done', 'gone')
    AND r.replaced = 0 AND r.vanished IS NULL AND r.same_as IS NULL;
    CREATE UNIQUE INDEX temp.failed_request ON failed (request);
    CREATE INDEX temp.failed_job ON failed (job, kind);";

/// Their outcomes become attempts, and they wait for another.
const MOVE: &str = "
    INSERT OR IGNORE INTO attempts (request, job, kind, code, message, row)
        SELECT f.request, f.job, f.kind, f.code, f.message, w.row
        FROM failed f LEFT JOIN rows w ON w.request = f.request;
    INSERT OR IGNORE INTO waiting (request, generation) SELECT request, generation + 1 FROM failed;
    DELETE FROM rows WHERE request IN (SELECT request FROM failed);
    DELETE FROM outcomes WHERE request IN (SELECT request FROM failed);
    UPDATE jobs SET
        errors = errors - (SELECT count(*) FROM failed WHERE job = jobs.id AND kind = 'error'),
        missing = missing - (SELECT count(*) FROM failed WHERE job = jobs.id AND kind = 'missing'),
        retried = retried + (SELECT count(*) FROM failed WHERE job = jobs.id)
        WHERE id IN (SELECT job FROM failed);
    DROP TABLE failed;";

/// Lets all that failed wait for another attempt; gives how many these are.
pub(crate) fn ask_again(connection: &mut Connection) -> Result<u64> {
    let step = connection.transaction()?;
    step.execute_batch(CHOOSE)?;
    let count: i64 = step.query_row("SELECT count(*) FROM failed", [], |row| row.get(0))?;
    step.execute_batch(MOVE)?;
    if count > 0 {
        events::note(&step, "again", None, Some(&format!("{count} that failed")))?;
    }
    step.commit()?;
    Ok(count.unsigned_abs())
}
