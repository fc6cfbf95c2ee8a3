internal import GRDB

/// One step of the schema's history.
///
/// A migration that shipped never changes: the tests hold the text of each. New needs get a new one.
package struct Migration: Sendable {
    /// The value of `PRAGMA user_version` after this step.
    package let version: Int32
    package let summary: String
    package let sql: String

    /// In order of version, without gaps.
    package static let all: [Migration] = [
        Migration(
            version: 1, summary: "connections, runs, samples, and the views on them",
            sql: [v1Tables, v1Samples, v1Views, v1Timeline, v1Waiting, v1Audit].joined(separator: "\n\n") + "\n")
    ]

    /// The schema version this program writes.
    package static let latest = all.last?.version ?? 0

    /// `PRAGMA application_id` of our databases: the letters IPVS.
    package static let applicationID: Int32 = 0x4950_5653

    /// Brings a database to `latest`, each step in a transaction of its own.
    static func migrate(_ database: Database) throws {
        for migration in all {
            try database.inTransaction(.immediate) {
                // Read within the transaction: another process may have been faster.
                let version = try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                if version < migration.version {
                    try database.execute(sql: migration.sql)
                    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                    try database.execute(sql: "PRAGMA user_version = \(migration.version)")
                }
                return .commit
            }
        }
    }
}
