import Balance
import IPVSModel

/// The lines of a listing's judgement that text, JUnit and Markdown share.
extension EntriesVerdict {
    /// What the order says: the first thing a person reads.
    var orderSentence: String {
        let cycle = order.cycle.map(\.description).joined(separator: " → ")
        switch order.finding {
        case .roundRobin:
            return "\(order.inOrder) of \(entries) entries in perfect round-robin order: \(cycle)"
        case .broken:
            guard let found = order.firstBreak else { return "not in round-robin order" }
            let expected = found.expected.map { ", where \($0) was next" } ?? " out of turn"
            return "not in round-robin order: \(order.inOrder) of \(entries) entries agree (\(cycle)), then entry "
                + "\(found.number), \(found.client), went to \(found.realServer)\(expected)"
        case .oneRealServer:
            return "all \(entries) entries go to one real server, \(cycle)"
        case .tooFew:
            return "\(entries == 1 ? "1 entry" : "\(entries) entries"), too few to show an order: no real server had a "
                + "second turn"
        case .severalClients:
            return
                "\(entries) entries of \(clients) clients, who take turns together: a listing does not tell the order "
                + "in which they came"
        }
    }

    var distributionSentence: String {
        realServers.map { "\($0.realServer) \($0.entries)" }.joined(separator: ", ")
    }

    var stateSentence: String { states.map { "\($0.state) \($0.entries)" }.joined(separator: ", ") }
}
