import Foundation
import Support

/// What can go wrong with the store of checkpoints. Every case says which file and what to do.
public enum ModelStoreError: Error, Sendable, Equatable {
    case unknownModel(String, known: [String])
    case noFolder
    /// It is not in the store.
    case absent(PublishedModel, folder: String)
    /// The file in the store is not as long as it was when it was put there.
    case damaged(PublishedModel, path: String, reason: String)
    /// It cannot be downloaded, only imported.
    case noAddress(PublishedModel)
    case invalidAddress(String)
    /// The server answered with an error that waiting does not mend.
    case refused(address: String, status: Int)
    /// The transfer failed, also after tries anew.
    case failed(address: String, reason: String, kept: Int)
    /// The server offers a file of another size.
    case wrongSize(address: String, expected: Int, offered: Int)
    /// The server sends more than the published file can have.
    case tooLong(address: String, limit: Int)
    /// A file does not hold the model's network.
    case unfit(path: String, PublishedModel, reason: String)
    /// What came is not the published file; it has been removed.
    case wrongContent(address: String, expected: String, found: String, isWebPage: Bool)
    case diskTooSmall(path: String, needed: Int, free: Int)
    case unwritable(path: String, reason: String)
    case unreadable(path: String, reason: String)
    /// Another process is downloading it.
    case busy(String)
    /// A file to import is none of the known ones.
    case unrecognised(path: String, md5: String)
    /// A file to import is a known one, but not the named one.
    case nameDiffers(path: String, name: String, recognised: String)
}

extension ModelStoreError: DescribedError {
    public var description: String {
        switch self {
        case .unknownModel(let name, let known):
            "No model is called \"\(name)\". Known are \(known.joined(separator: ", "))."
        case .noFolder:
            "There is no folder to keep models in: neither HOME nor SAMPT_MODELS is set. Set SAMPT_MODELS to a folder."
        case .absent(let model, let folder):
            "\(model.name) (\(model.network)) is not in \(folder). \(model.howToGet)"
        case .damaged(let model, let path, let reason):
            "\(path): is damaged: \(reason). Remove it with \"sampt models remove \(model.name)\", then get it anew. \(model.howToGet)"
        case .noAddress(let model):
            "\(model.name) has no address of its own to download from. \(model.howToGet)"
        case .invalidAddress(let text):
            "\(text): is no address to download from. It must begin with http:// or https:// and name a host."
        case .refused(let address, let status):
            "\(address): the server answered with status \(status) (\(Self.meaning(status))). \(Self.otherWays)"
        case .failed(let address, let reason, let kept):
            "\(address): the download failed: \(reason)."
                + (kept > 0
                    ? " The \(kept.asBytes) that came are kept: the same command goes on from there."
                    : " Check the network, then try again.")
        case .wrongSize(let address, let expected, let offered):
            "\(address): the server offers a file of \(offered) bytes, the published one has \(expected). \(Self.otherWays)"
        case .tooLong(let address, let limit):
            "\(address): the server sends more than \(limit.asBytes), and the published file is not that large. \(Self.otherWays)"
        case .unfit(let path, let model, let reason):
            "\(path): does not become \(model.name) (\(model.network)): \(reason). The store is as it was."
        case .wrongContent(let address, let expected, let found, let isWebPage):
            "\(address): what came is not the published file: its MD5 is \(found), not \(expected)."
                + (isWebPage ? " It is a web page, perhaps of a network that asks for a login." : "")
                + " It has been removed. \(Self.otherWays)"
        case .diskTooSmall(let path, let needed, let free):
            "\(path): has \(free.asBytes) free, the download needs \(needed.asBytes). Free some, or set SAMPT_MODELS to a folder on another disk."
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason). SAMPT_MODELS names another folder."
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason)."
        case .busy(let name):
            "\(name) is being downloaded by another process. Wait for it."
        case .unrecognised(let path, let md5):
            "\(path): is none of the published files (MD5 \(md5)). For weights of your own, give --name with the model whose network they belong to."
        case .nameDiffers(let path, let name, let recognised):
            "\(path): is \(recognised), not \(name). Leave --name out, or give --name \(recognised)."
        }
    }

    private static let otherWays =
        "Give another address with --from, or download the file by hand and use \"sampt models import FILE\"."

    private static func meaning(_ status: Int) -> String {
        switch status {
        case 401, 407: "it asks for a login"
        case 403: "access is denied"
        case 404, 410: "there is no such file"
        case 400..<500: "it does not accept the request"
        case 500..<600: "it has a fault"
        default: "that is no answer to such a request"
        }
    }
}

extension PublishedModel {
    /// What a person does to have it, as sentences.
    public var howToGet: String {
        switch source {
        case .download:
            "Get it with \"sampt models pull \(name)\"\(sizeText.map { " (\($0))" } ?? ""); a file you have is taken in with \"sampt models import FILE\"."
        case .manual(let text):
            "\(text) Then take it in with \"sampt models import FILE\"."
        }
    }
}
