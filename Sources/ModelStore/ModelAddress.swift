import Foundation

extension ModelStore {
    /// Where a model is downloaded from.
    /// - Parameters:
    ///   - override: the address of the file itself, in place of the published one.
    ///   - environment: `SAMPT_MODELS_MIRROR` in it is the address of a folder with files named as in the store.
    /// - Throws: `ModelStoreError.noAddress` for a model that is only to be imported, `.invalidAddress`.
    public func address(
        of model: PublishedModel, override: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> URL {
        if let override { return try Self.address(override) }
        if let mirror = environment["SAMPT_MODELS_MIRROR"], !mirror.isEmpty {
            return try Self.address(mirror).appendingPathComponent(model.fileName)
        }
        guard case .download(let address) = model.source else { throw ModelStoreError.noAddress(model) }
        return address
    }

    private static func address(_ text: String) throws -> URL {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            url.host?.isEmpty == false
        else { throw ModelStoreError.invalidAddress(text) }
        return url
    }
}
