import ConnectionTracing
import IPVSModel
import Testing

struct EntryCountTests {
    @Test(arguments: UInt64(0)..<8)
    func `active and inactive entries are those of a plain model, through every state`(seed: UInt64) {
        var director = Director(seed: seed)
        var stage = Stage()
        var differences = 0
        var most: UInt64 = 0
        for _ in 0..<150 {
            for _ in 0..<Int(20 + seed * 20) { director.step(&stage) }
            director.wait(&stage)
            let traces = stage.tracer.summary().virtualServices.flatMap(\.realServers)
            for server in [Endpoint.rs1, .rs2, .rs3] {
                let own = traces.filter { $0.endpoint == server }
                let active = own.reduce(0) { $0 + $1.activeEntries }
                let inactive = own.reduce(0) { $0 + $1.inactiveEntries }
                differences += active == director.entries(of: server, isActive: true, at: stage.now) ? 0 : 1
                differences += inactive == director.entries(of: server, isActive: false, at: stage.now) ? 0 : 1
                most = max(most, min(active, inactive))
            }
        }
        #expect(differences == 0)
        #expect(most > 3)
    }
}
