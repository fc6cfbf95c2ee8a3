/// Every metric this program exports, in the order of the exposition.
///
/// The exposition, `docs/metrics.md`, and the check of the dashboards all follow from this list; a case without a
/// ``definition`` does not compile. What IPVS is and did begins with `ipvs_`, the program's own state with `ipvscope_`.
package enum Metric: String, CaseIterable, Sendable {
    // The kernel's IPVS.
    case up = "ipvs_up"
    case info = "ipvs_info"
    case virtualServiceInfo = "ipvs_virtual_service_info"
    case virtualServiceRealServers = "ipvs_virtual_service_real_servers"
    case virtualServiceConnectionsTotal = "ipvs_virtual_service_connections_total"
    case virtualServiceIncomingPacketsTotal = "ipvs_virtual_service_incoming_packets_total"
    case virtualServiceOutgoingPacketsTotal = "ipvs_virtual_service_outgoing_packets_total"
    case virtualServiceIncomingBytesTotal = "ipvs_virtual_service_incoming_bytes_total"
    case virtualServiceOutgoingBytesTotal = "ipvs_virtual_service_outgoing_bytes_total"
    case realServerInfo = "ipvs_real_server_info"
    case realServerConnectionsTotal = "ipvs_real_server_connections_total"
    case realServerIncomingPacketsTotal = "ipvs_real_server_incoming_packets_total"
    case realServerOutgoingPacketsTotal = "ipvs_real_server_outgoing_packets_total"
    case realServerIncomingBytesTotal = "ipvs_real_server_incoming_bytes_total"
    case realServerOutgoingBytesTotal = "ipvs_real_server_outgoing_bytes_total"
    case realServerActiveConnections = "ipvs_real_server_active_connections"
    case realServerInactiveConnections = "ipvs_real_server_inactive_connections"
    case realServerPersistentConnections = "ipvs_real_server_persistent_connections"
    case realServerWeight = "ipvs_real_server_weight"
    case realServerUpperThreshold = "ipvs_real_server_upper_threshold"
    case realServerLowerThreshold = "ipvs_real_server_lower_threshold"

    // What was traced.
    case assignmentsTotal = "ipvs_assignments_total"
    case connectionsEndedTotal = "ipvs_connections_ended_total"
    case openConnections = "ipvs_open_connections"
    case tracedActiveConnections = "ipvs_traced_active_connections"
    case tracedInactiveConnections = "ipvs_traced_inactive_connections"
    case synRetransmissionsTotal = "ipvs_syn_retransmissions_total"
    case connectionTroublesTotal = "ipvs_connection_troubles_total"
    case realServerConnectSeconds = "ipvs_real_server_connect_seconds"
    case unmatchedPacketsTotal = "ipvs_unmatched_packets_total"

    // Who got what, and who should have.
    case assignmentShareRatio = "ipvs_assignment_share_ratio"
    case assignmentExpectedShareRatio = "ipvs_assignment_expected_share_ratio"
    case assignmentShareErrorRatio = "ipvs_assignment_share_error_ratio"
    case fairnessJainRatio = "ipvs_fairness_jain_ratio"
    case fairnessJainCeilingRatio = "ipvs_fairness_jain_ceiling_ratio"

    // Whether the scheduler keeps its promise, now.
    case verdict = "ipvs_verdict"
    case verdictAssignments = "ipvs_verdict_assignments"
    case verdictViolations = "ipvs_verdict_violations"
    case verdictChangesTotal = "ipvs_verdict_changes_total"

    // Real servers that take no new connections.
    case drainingOpenConnections = "ipvs_draining_open_connections"
    case drainingNewConnectionsTotal = "ipvs_draining_new_connections_total"

    // Packets, table and counters beside one another.
    case auditKernelConnectionsTotal = "ipvs_audit_kernel_connections_total"
    case auditCapturedConnectionsTotal = "ipvs_audit_captured_connections_total"
    case auditConnectionsDifference = "ipvs_audit_connections_difference"
    case auditCausesTotal = "ipvs_audit_causes_total"
    case connectionTableRows = "ipvs_connection_table_rows"
    case connectionTableRowsWithoutConnection = "ipvs_connection_table_rows_without_connection"
    case connectionsWithoutTableRow = "ipvs_connections_without_table_row"

    // The program itself.
    case buildInfo = "ipvscope_build_info"
    case capturePacketsTotal = "ipvscope_capture_packets_total"
    case captureBytesTotal = "ipvscope_capture_bytes_total"
    case captureDroppedPacketsTotal = "ipvscope_capture_dropped_packets_total"
    case captureInterfaceDroppedPacketsTotal = "ipvscope_capture_interface_dropped_packets_total"
    case captureLevel = "ipvscope_capture_level"
    case captureLevelChangesTotal = "ipvscope_capture_level_changes_total"
    case undecodablePacketsTotal = "ipvscope_undecodable_packets_total"
    case foreignPacketsTotal = "ipvscope_foreign_packets_total"
    case trackedConnections = "ipvscope_tracked_connections"
    case trackedConnectionsLimit = "ipvscope_tracked_connections_limit"
    case evictedConnectionsTotal = "ipvscope_evicted_connections_total"
    case kernelReadDurationSeconds = "ipvscope_kernel_read_duration_seconds"
    case tableReadDurationSeconds = "ipvscope_table_read_duration_seconds"
    case tableReadSecondsTotal = "ipvscope_table_read_seconds_total"
    case tableReadIntervalSeconds = "ipvscope_table_read_interval_seconds"
    case tableShortReadingsTotal = "ipvscope_table_short_readings_total"
    case tableAbandonedReadingsTotal = "ipvscope_table_abandoned_readings_total"
    case tableRepeatedRowsTotal = "ipvscope_table_repeated_rows_total"
    case tableMalformedRowsTotal = "ipvscope_table_malformed_rows_total"
    case storeUp = "ipvscope_store_up"
    case storeConnectionsWrittenTotal = "ipvscope_store_connections_written_total"
    case storeDroppedRowsTotal = "ipvscope_store_dropped_rows_total"
    case storeRemovedRowsTotal = "ipvscope_store_removed_rows_total"
    case storeFailedWritesTotal = "ipvscope_store_failed_writes_total"
    case storeDamagedFilesTotal = "ipvscope_store_damaged_files_total"
    case storeQueuedRows = "ipvscope_store_queued_rows"
    case storeQueuedBytes = "ipvscope_store_queued_bytes"
    case storeSizeBytes = "ipvscope_store_size_bytes"
    case collectorStartTimeSeconds = "ipvscope_collector_start_time_seconds"
    case scrapeDurationSeconds = "ipvscope_scrape_duration_seconds"

    // The process, under the names every Prometheus client library uses.
    case processCPUSecondsTotal = "process_cpu_seconds_total"
    case processResidentMemoryBytes = "process_resident_memory_bytes"
    case processVirtualMemoryBytes = "process_virtual_memory_bytes"
    case processOpenFDs = "process_open_fds"
    case processMaxFDs = "process_max_fds"
    case processStartTimeSeconds = "process_start_time_seconds"
}
