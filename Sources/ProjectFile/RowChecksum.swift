import Foundation
import GRDB
import TensorFiles

/// What a row is compared with when it is read: finds damage, and rows that stand where others were written.
enum RowChecksum {
    static func of(_ data: Data, table: String, _ place: String) -> Int64 {
        let place = Fingerprint(Data("\(table) \(place)".utf8))
        var value = Fingerprint(ofLarge: data).value
        value = (value ^ place.value) &* 0x9e37_79b9_7f4a_7c15
        return Int64(bitPattern: value ^ value >> 32)
    }
}

/// The fields of a row of a file that may hold anything.
struct StoredRow {
    let values: [DatabaseValue]

    init(_ row: Row) { values = row.databaseValues.map { $0 } }

    func integer(_ column: Int) -> Int64? { values.indices.contains(column) ? Int64.fromDatabaseValue(values[column]) : nil }
    func data(_ column: Int) -> Data? {
        guard values.indices.contains(column), case .blob(let data) = values[column].storage else { return nil }
        return data
    }
    func text(_ column: Int) -> String? {
        guard values.indices.contains(column), case .string(let text) = values[column].storage else { return nil }
        return text
    }
    /// A number or nothing.
    func number(_ column: Int) -> Double? { values.indices.contains(column) ? Double.fromDatabaseValue(values[column]) : nil }
}
