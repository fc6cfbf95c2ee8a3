package import Balance
package import IPVSModel
package import TraceStore

extension RunReport {
    /// Reads what a report rests on.
    ///
    /// - Parameters:
    ///   - run: `last`, or a number.
    ///   - virtualService: `nil` for all of them.
    ///   - baseline: Another run's number.
    /// - Throws: `StoreError`, or an error of one line if the run does not have what was asked for.
    package init(
        store: TraceStore, run: String, virtualService: VirtualServiceIdentity? = nil, thresholds: [Threshold] = [],
        baseline: String? = nil, ab: ABOutput? = nil, version: String = RootCommand.version
    ) throws {
        let id = try store.resolveRun(run)
        let evidence = try store.evidence(run: id).narrowed(to: virtualService)
        let earlier = try baseline.map { name in try store.baseline(name, of: id) }
        self.init(
            version: version, evidence: evidence, story: try store.story(run: id), thresholds: thresholds,
            baseline: earlier, ab: ab)
    }
}

extension RunEvidence {
    /// The evidence on one virtual service, or on all if none is named.
    func narrowed(to virtualService: VirtualServiceIdentity?) throws(InputError) -> Self {
        guard let virtualService else { return self }
        var narrowed = self
        narrowed.virtualServices.removeAll { $0.identity != virtualService }
        guard !narrowed.virtualServices.isEmpty else {
            let known = virtualServices.map(\.identity.description)
            throw InputError(
                description:
                    "--virtual-service \(virtualService): run \(run.id) knows only " + known.joined(separator: ", "))
        }
        return narrowed
    }
}

extension TraceStore {
    /// The evidence of an earlier run to compare run `id` with.
    func baseline(_ name: String, of id: Int64) throws -> RunEvidence {
        let earlier = try resolveRun(name)
        guard earlier != id else {
            throw InputError(description: "--baseline \(name): run \(id) is the one to be judged; name another")
        }
        return try evidence(run: earlier)
    }
}
