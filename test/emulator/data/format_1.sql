-- The database of a data folder of format 1, as `Connection.iterdump` writes it.
BEGIN TRANSACTION;
CREATE TABLE audit_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL,
    version INTEGER,
    date REAL NOT NULL,
    action TEXT NOT NULL,
    user TEXT NOT NULL,
    event TEXT NOT NULL
);
INSERT INTO "audit_events" VALUES(1,'ea22b22d-a7a2-4b76-b8d5-784398a5f10c',1,NULL,1795526176.3611162,'create','user@example.com','Created deployment rain');
INSERT INTO "audit_events" VALUES(2,'2dc21faa-62a1-48f4-bed0-8e84e10e45f7',1,NULL,1795526176.3611162,'create','user@example.com','Created version v1 for deployment rain');
INSERT INTO "audit_events" VALUES(3,'8f3930f9-8857-4278-b5fe-3ec6e2536663',1,NULL,1795526176.3611162,'create','user@example.com','Created version v2 for deployment rain');
INSERT INTO "audit_events" VALUES(4,'5af2ba3e-2c45-4ff9-8bc2-f27ddd18f30e',1,1,1795526176.3611162,'create','user@example.com','Created revision 70d91e77-da7e-41b1-b914-575682d056e3 for version v1 of deployment rain');
INSERT INTO "audit_events" VALUES(5,'26f2f916-0c78-4652-b3e2-42c8acac35a7',1,1,1795526276.361116,'info','user@example.com','Triggered rebuild of revision 70d91e77-da7e-41b1-b914-575682d056e3 for version v1 of deployment rain');
INSERT INTO "audit_events" VALUES(6,'e6412fcc-1f37-42fa-ac80-e811bef28229',1,NULL,1795526276.361116,'create','user@example.com','Created environment variable COUNTRY for deployment rain');
INSERT INTO "audit_events" VALUES(7,'1fa1782c-b54e-41ea-9174-24583058db6d',1,1,1795526276.361116,'create','user@example.com','Created environment variable PASSWORD for version v1 of deployment rain');
INSERT INTO "audit_events" VALUES(8,'792e5a7b-6d07-4bca-98f2-1fd45cb7befb',2,NULL,1795526276.361116,'create','user@example.com','Created deployment gone');
INSERT INTO "audit_events" VALUES(9,'66603ae6-5c43-4e4d-aef3-0571ab836b9f',2,NULL,1795526276.361116,'delete','user@example.com','Deleted deployment gone');
CREATE TABLE builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL REFERENCES revisions ON DELETE CASCADE,
    created REAL NOT NULL,
    building REAL NOT NULL,
    validating REAL,
    finished REAL NOT NULL,
    cause TEXT NOT NULL,
    error TEXT NOT NULL
);
INSERT INTO "builds" VALUES(1,'8ec9abd4-49c0-4ac7-a453-ca341e124b95',1,1795526176.3611162,1795526176.5611162,1795526176.7611163,1795526176.9611163,'Deployment file upload','');
INSERT INTO "builds" VALUES(2,'85a3c2df-c5bb-4600-9cb2-486ee4c7c27a',1,1795526276.361116,1795526276.561116,1795526276.761116,1795526276.961116,'Rebuild triggered','');
CREATE TABLE deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    default_version INTEGER REFERENCES versions ON DELETE SET NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
INSERT INTO "deployments" VALUES(1,'01d24db0-500d-46c9-ae77-3ae554f63e2c','weather','rain','{"description": "", "input_type": "structured", "output_type": "plain", "labels": {"team": "hydrology"}, "input_fields": [{"name": "station", "data_type": "string", "widget": {"type": "textbox", "configuration": {}}}], "output_fields": []}',1,1795526176.3611162,1795526176.3611162);
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value REAL NOT NULL
);
INSERT INTO "facts" VALUES('clock_ahead',199.88995);
CREATE TABLE revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created REAL NOT NULL,
    created_by TEXT NOT NULL,
    file TEXT NOT NULL,
    file_name TEXT NOT NULL,
    has_request INTEGER NOT NULL,
    has_requests INTEGER NOT NULL
);
INSERT INTO "revisions" VALUES(1,'70d91e77-da7e-41b1-b914-575682d056e3',1,1795526176.3611162,'user@example.com','8e270d2e-022d-43e9-a057-0ac1fc171be7.zip','file.zip',1,0);
CREATE TABLE variables (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    deployment INTEGER REFERENCES deployments ON DELETE CASCADE,
    version INTEGER REFERENCES versions ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    secret INTEGER NOT NULL
);
INSERT INTO "variables" VALUES(1,'4cfbd8f4-b49a-4326-b485-1b868f8b1af6','weather',NULL,NULL,'REGION','north',0);
INSERT INTO "variables" VALUES(2,'3d1d50ef-c9d7-4a63-9a26-79b81cadfe59','weather',1,NULL,'COUNTRY','NL',0);
INSERT INTO "variables" VALUES(3,'06e28f97-a9f5-40b7-b0b4-aaee6f9b72f7','weather',1,1,'PASSWORD','sesame',1);
CREATE TABLE versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (deployment, name)
);
INSERT INTO "versions" VALUES(1,'4bffcfb8-37f9-4f00-9940-ad5682d7c8ce',1,'v1','{"environment": "python3-11", "instance_type_group_id": "f48b02d7-9e61-4a5c-b3d0-7c1e6a95f208", "maximum_instances": 5, "minimum_instances": 0, "maximum_idle_time": 300, "description": "", "labels": {}, "request_retention_time": 604800, "request_retention_mode": "full", "maximum_queue_size_express": 100, "maximum_queue_size_batch": 100000, "static_ip": false, "restart_request_interruption": false, "ports": [], "scaling_strategy": "default", "instance_processes": 1}',1795526176.3611162,1795526176.3611162);
INSERT INTO "versions" VALUES(2,'2f65af53-aa7f-4ff2-9a9a-2ab9dfc26376',1,'v2','{"environment": "r4-0", "instance_type_group_id": "f48b02d7-9e61-4a5c-b3d0-7c1e6a95f208", "maximum_instances": 5, "minimum_instances": 0, "maximum_idle_time": 300, "description": "", "labels": {}, "request_retention_time": 604800, "request_retention_mode": "full", "maximum_queue_size_express": 100, "maximum_queue_size_batch": 100000, "static_ip": false, "restart_request_interruption": false, "ports": [{"public_port": 2222, "deployment_port": 22, "protocol": "tcp"}], "scaling_strategy": "default", "instance_processes": 1}',1795526176.3611162,1795526176.3611162);
CREATE INDEX deployments_by_default ON deployments (default_version);
CREATE INDEX revisions_by_version ON revisions (version);
CREATE INDEX builds_by_revision ON builds (revision);
CREATE UNIQUE INDEX variables_by_name ON variables (project, ifnull(deployment, 0), ifnull(version, 0), name);
CREATE INDEX variables_by_deployment ON variables (deployment);
CREATE INDEX variables_by_version ON variables (version);
CREATE INDEX audit_events_by_deployment ON audit_events (deployment);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('variables',3);
INSERT INTO "sqlite_sequence" VALUES('deployments',2);
INSERT INTO "sqlite_sequence" VALUES('audit_events',9);
INSERT INTO "sqlite_sequence" VALUES('versions',2);
INSERT INTO "sqlite_sequence" VALUES('revisions',1);
INSERT INTO "sqlite_sequence" VALUES('builds',2);
PRAGMA user_version = 1;
COMMIT;
