import Support

/// Why a line is no edit.
public enum EditError: Error, Sendable, Equatable {
    case notJSON(reason: String)
    case missingField(String, edit: String)
    case invalidField(String, edit: String, allowed: String)
    /// Of a later version, perhaps, or a mistake: what it means is not known.
    case unknownField(String, edit: String)
    case unknownEdit(String)
    case laterVersion(Int)
}

extension EditError: DescribedError {
    public var description: String {
        switch self {
        case .notJSON(let reason): "The line is no edit in JSON: \(reason)"
        case .missingField(let field, let edit): "The \(edit.isEmpty ? "line" : "edit \(edit)") lacks the field \"\(field)\"."
        case .invalidField(let field, let edit, let allowed): "The field \"\(field)\" of the edit \(edit) must be \(allowed)."
        case .unknownField(let field, let edit):
            "The edit \(edit) has a field \"\(field)\" that this version does not know. Is it misspelt, or of a later version?"
        case .unknownEdit(let kind): "There is no edit \"\(kind)\" in this version."
        case .laterVersion(let version):
            "The edit has the form \(version); this version reads \(Edit.version). Take a later version of the program."
        }
    }
}
